// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/endpoints.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

bool same_file(const std::string& a, const std::string& b) {
  struct stat x {};
  struct stat y {};
  return ::stat(a.c_str(), &x) == 0 && ::stat(b.c_str(), &y) == 0 && x.st_dev == y.st_dev
         && x.st_ino == y.st_ino;
}

// The second path of docker counts only where it exists and is not the first by another name.
bool wanted_alias(const std::string& path, const std::vector<runtime_endpoint>& known) {
  if (::access(path.c_str(), F_OK) != 0)
    return false;
  return std::none_of(known.begin(), known.end(),
                      [&](const runtime_endpoint& x) { return same_file(x.socket, path); });
}

void add_docker(const settings& config, std::vector<runtime_endpoint>& result) {
  for (const auto& path : config.docker_sockets)
    result.push_back({runtime_kind::docker, path});
  if (!config.docker_sockets.empty())
    return;
  result.push_back({runtime_kind::docker, config.host_root + std::string{docker_paths[0]}});
  if (auto path = config.host_root + std::string{docker_paths[1]}; wanted_alias(path, result))
    result.push_back({runtime_kind::docker, std::move(path)});
}

void add_containerd(const settings& config, std::vector<runtime_endpoint>& result) {
  for (const auto& path : config.containerd_sockets)
    result.push_back({runtime_kind::containerd, path});
  if (!config.containerd_sockets.empty())
    return;
  for (auto path : containerd_paths)
    result.push_back({runtime_kind::containerd, config.host_root + std::string{path}});
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
  std::vector<runtime_endpoint> result;
  if (config.runtimes_off)
    return result;
  add_docker(config, result);
  add_containerd(config, result);
  return result;
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
