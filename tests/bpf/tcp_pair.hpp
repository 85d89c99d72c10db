// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <netinet/in.h>
#include <sys/socket.h>

namespace troupe {

/// A loopback address of a family, with a port (0: any).
struct loopback {
  explicit loopback(int family = AF_INET, uint16_t port = 0);

  [[nodiscard]] const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }

  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// A socket's file descriptor.
class tcp_socket {
public:
  explicit tcp_socket(int fd = -1) : fd_{fd} {}
  ~tcp_socket() { close(); }
  tcp_socket(tcp_socket&& other) noexcept : fd_{other.release()} {}
  tcp_socket& operator=(tcp_socket&& other) noexcept;

  [[nodiscard]] int fd() const { return fd_; }
  int release();
  void close();

  /// Sends so many bytes, and receives so many; false when it cannot.
  bool send_bytes(size_t count) const;
  bool receive_bytes(size_t count) const;

private:
  int fd_ = -1;
};

/// Listens on a loopback port that the kernel chose.
struct tcp_listener {
  explicit tcp_listener(int family = AF_INET);

  [[nodiscard]] tcp_socket accept() const;

  int family = AF_INET;
  uint16_t port = 0;
  tcp_socket socket;
};

tcp_socket connect_to(int family, uint16_t port);

/// Both ends of one connection.
struct tcp_pair {
  explicit tcp_pair(const tcp_listener& listener);

  tcp_socket client;
  tcp_socket server;
};

} // namespace troupe
