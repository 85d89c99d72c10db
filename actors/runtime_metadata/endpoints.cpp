// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/endpoints.hpp"

#include "actors/runtime_metadata/probe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace troupe {
namespace {

// /var/run is a link to /run wherever systemd runs. Where it is not, docker's socket is there.
constexpr std::array<std::string_view, 2> docker_paths = {
    "/run/docker.sock",
    "/var/run/docker.sock",
};

// /run/docker/containerd/containerd.sock is missing on purpose: it is dockerd's own containerd, and
// dockerd knows more about its containers.
constexpr std::array<std::string_view, 4> containerd_paths = {
    "/run/containerd/containerd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/var/snap/microk8s/common/run/containerd.sock",
    "/run/k0s/containerd.sock",
};

constexpr std::array<std::string_view, 2> cri_paths = {
    "/run/crio/crio.sock",
    "/var/run/crio/crio.sock",
};

// Root's; those of users are below.
constexpr std::array<std::string_view, 2> podman_paths = {
    "/run/podman/podman.sock",
    "/var/run/podman/podman.sock",
};
// Its own, for root: it works without a bus daemon.
constexpr std::string_view systemd_path = "/run/systemd/private";

constexpr std::string_view users_folder = "/run/user";
constexpr std::string_view users_podman = "/podman/podman.sock";

using endpoints = std::vector<runtime_endpoint>;

bool same_file(const std::string& a, const std::string& b) {
  struct stat x {};
  struct stat y {};
  return ::stat(a.c_str(), &x) == 0 && ::stat(b.c_str(), &y) == 0 && x.st_dev == y.st_dev
         && x.st_ino == y.st_ino;
}

// A socket counts once, by whatever names it goes.
void add_if_there(runtime_kind kind, const std::string& path, endpoints& result) {
  if (result.size() >= endpoints_max || ::access(path.c_str(), F_OK) != 0)
    return;
  if (std::none_of(result.begin(), result.end(),
                   [&](const runtime_endpoint& x) { return same_file(x.socket, path); }))
    result.push_back({kind, path});
}

template <class Paths>
void add(runtime_kind kind, const std::vector<std::string>& wanted, const Paths& usual,
         const std::string& host_root, endpoints& result) {
  for (const auto& path : wanted)
    result.push_back({kind, path});
  if (wanted.empty())
    for (auto path : usual)
      add_if_there(kind, host_root + std::string{path}, result);
}

// Of every user who is logged in, or lingers.
void add_users_podmans(const std::string& host_root, endpoints& result) {
  const auto folder = host_root + std::string{users_folder};
  std::error_code error;
  for (std::filesystem::directory_iterator i{folder, error}, end; !error && i != end;
       i.increment(error))
    add_if_there(runtime_kind::podman, i->path().string() + std::string{users_podman}, result);
}

call_error connect_error(const runtime_endpoint& endpoint, int error) {
  const auto runtime = std::string{to_string(endpoint.kind)};
  const auto what = "cannot connect to " + endpoint.socket + ": ";
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {ec::runtime_absent,
              what + "no such socket; start " + runtime + ", or give its socket"};
    case EACCES:
    case EPERM:
      return {ec::runtime_forbidden,
              what + "permission denied; run as root"
                  + (endpoint.kind == runtime_kind::docker ? " or join group docker" : "")};
    case ECONNREFUSED:
      return {ec::runtime_unreachable,
              what + "connection refused; is " + runtime + " running? (nobody listens there)"};
    case EAGAIN:
      return {ec::runtime_unreachable,
              what + "its queue is full; " + runtime + " may hang, look at its log"};
    default:
      return {ec::runtime_unreachable,
              what + std::strerror(error) + "; is it " + runtime + "'s unix socket?"};
  }
}

} // namespace

std::vector<runtime_endpoint> runtime_endpoints(const settings& config) {
  endpoints result;
  if (config.runtimes_off)
    return result;
  const auto& root = config.host_root;
  add(runtime_kind::docker, config.docker_sockets, docker_paths, root, result);
  add(runtime_kind::containerd, config.containerd_sockets, containerd_paths, root, result);
  add(runtime_kind::crio, config.cri_sockets, cri_paths, root, result);
  add(runtime_kind::podman, config.podman_sockets, podman_paths, root, result);
  if (config.podman_sockets.empty())
    add_users_podmans(root, result);
  if (config.services)
    add_if_there(runtime_kind::systemd, root + std::string{systemd_path}, result);
  return result;
}

std::string usual_runtime_paths() {
  std::string text;
  for (auto path : {docker_paths[0], containerd_paths[0], cri_paths[0], podman_paths[0]})
    text.append(text.empty() ? "" : ", ").append(path);
  return text;
}

call_result<std::monostate> try_connect(const runtime_endpoint& endpoint) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.socket.empty() || endpoint.socket.size() >= sizeof(address.sun_path))
    return call_error{ec::invalid_configuration,
                      "cannot connect to " + endpoint.socket
                          + ": a socket's path has 1 to 107 bytes; give a shorter one"};
  std::memcpy(address.sun_path, endpoint.socket.data(), endpoint.socket.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return connect_error(endpoint, errno);
  const int failed = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = failed == 0 ? 0 : errno;
  ::close(fd);
  if (error != 0)
    return connect_error(endpoint, error);
  return std::monostate{};
}

} // namespace troupe
