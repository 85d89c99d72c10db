// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/tcp_pair.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <unistd.h>

namespace troupe {

loopback::loopback(int family, uint16_t port) {
  if (family == AF_INET6) {
    auto& to = reinterpret_cast<sockaddr_in6&>(storage);
    to.sin6_family = AF_INET6;
    to.sin6_addr = in6addr_loopback;
    to.sin6_port = htons(port);
    size = sizeof(to);
  } else {
    auto& to = reinterpret_cast<sockaddr_in&>(storage);
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    size = sizeof(to);
  }
}

tcp_socket& tcp_socket::operator=(tcp_socket&& other) noexcept {
  close();
  fd_ = other.release();
  return *this;
}

int tcp_socket::release() {
  return std::exchange(fd_, -1);
}

void tcp_socket::close() {
  if (fd_ >= 0)
    ::close(release());
}

bool tcp_socket::send_bytes(size_t count) const {
  std::array<char, 4096> buffer{};
  while (count > 0) {
    const auto sent = ::send(fd_, buffer.data(), std::min(count, buffer.size()), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    count -= static_cast<size_t>(sent);
  }
  return true;
}

bool tcp_socket::receive_bytes(size_t count) const {
  std::array<char, 4096> buffer{};
  while (count > 0) {
    const auto received = ::recv(fd_, buffer.data(), std::min(count, buffer.size()), 0);
    if (received <= 0)
      return false;
    count -= static_cast<size_t>(received);
  }
  return true;
}

tcp_listener::tcp_listener(int family_)
    : family{family_}, socket{::socket(family_, SOCK_STREAM, 0)} {
  const loopback any{family};
  loopback bound{family};
  bind(socket.fd(), any.address(), any.size);
  listen(socket.fd(), 128);
  getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size);
  port = ntohs(family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound.storage).sin6_port
                                  : reinterpret_cast<sockaddr_in&>(bound.storage).sin_port);
}

tcp_socket tcp_listener::accept() const {
  return tcp_socket{::accept(socket.fd(), nullptr, nullptr)};
}

tcp_socket connect_to(int family, uint16_t port) {
  tcp_socket result{::socket(family, SOCK_STREAM, 0)};
  const loopback to{family, port};
  if (connect(result.fd(), to.address(), to.size) != 0)
    result.close();
  return result;
}

tcp_pair::tcp_pair(const tcp_listener& listener)
    : client{connect_to(listener.family, listener.port)}, server{listener.accept()} {}

} // namespace troupe
