// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/listen_address.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

namespace troupe {

namespace {

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return port;
}

listen_address make_ipv4(in_addr host, uint16_t port) {
  sockaddr_in sin{};
  sin.sin_family = AF_INET;
  sin.sin_addr = host;
  sin.sin_port = htons(port);
  listen_address out;
  std::memcpy(&out.address, &sin, sizeof(sin));
  out.size = sizeof(sin);
  return out;
}

listen_address make_ipv6(in6_addr host, uint16_t port) {
  sockaddr_in6 sin6{};
  sin6.sin6_family = AF_INET6;
  sin6.sin6_addr = host;
  sin6.sin6_port = htons(port);
  listen_address out;
  std::memcpy(&out.address, &sin6, sizeof(sin6));
  out.size = sizeof(sin6);
  return out;
}

uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in sin{};
    std::memcpy(&sin, &address, sizeof(sin));
    return ntohs(sin.sin_port);
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 sin6{};
    std::memcpy(&sin6, &address, sizeof(sin6));
    return ntohs(sin6.sin6_port);
  }
  return 0;
}

int option_of(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

std::vector<int> open_descriptors() {
  std::vector<int> found;
  std::error_code error;
  for (std::filesystem::directory_iterator i{"/proc/self/fd", error}, end; !error && i != end;
       i.increment(error))
    found.push_back(std::atoi(i->path().filename().c_str()));
  return found;
}

/// A descriptor of our own for each TCP socket on this port: the number of a foreign descriptor may
/// be closed and given to something else at any moment.
std::vector<int> duplicate_sockets(uint16_t port) {
  std::vector<int> found;
  for (const int fd : open_descriptors()) {
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
      continue;
    sockaddr_storage local{};
    socklen_t size = sizeof(local);
    if (getsockname(copy, reinterpret_cast<sockaddr*>(&local), &size) == 0 && port_of(local) == port
        && option_of(copy, SO_TYPE) == SOCK_STREAM)
      found.push_back(copy);
    else
      close(copy);
  }
  return found;
}

} // namespace

uint16_t listen_address::port() const {
  return port_of(address);
}

std::optional<listen_address> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  if (text.find('\0') != std::string_view::npos) // inet_pton() would read up to there only.
    return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port)
    return std::nullopt;
  std::string host{text.substr(0, colon)};
  if (host.empty()) {
    auto out = make_ipv6(in6addr_any, *port);
    out.every_family = true;
    return out;
  }
  if (host == "localhost")
    host = "127.0.0.1";
  if (host.front() == '[' && host.back() == ']') {
    in6_addr ip{};
    if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &ip) == 1)
      return make_ipv6(ip, *port);
    return std::nullopt;
  }
  in_addr ip{};
  if (inet_pton(AF_INET, host.c_str(), &ip) == 1)
    return make_ipv4(ip, *port);
  return std::nullopt;
}

bool is_loopback(std::string_view ip) {
  if (in_addr v4{}; inet_pton(AF_INET, std::string{ip}.c_str(), &v4) == 1)
    return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, std::string{ip}.c_str(), &v6) != 1)
    return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

int try_to_bind(const listen_address& where) {
  const int fd = socket(where.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); // As the server does: see TIME_WAIT.
  const int v6_only = where.every_family ? 0 : 1;
  if (where.address.ss_family == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
  const int result =
      bind(fd, reinterpret_cast<const sockaddr*>(&where.address), where.size) == 0 ? 0 : errno;
  close(fd);
  return result;
}

void shut_down_sockets(uint16_t port) {
  // Two passes: while a socket still listens, a further connection may be accepted.
  for (const bool listening : {true, false})
    for (const int fd : duplicate_sockets(port)) {
      if ((option_of(fd, SO_ACCEPTCONN) == 1) == listening)
        shutdown(fd, SHUT_RDWR);
      close(fd);
    }
}

} // namespace troupe
