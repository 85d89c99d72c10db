// SPDX-License-Identifier: Apache-2.0
#pragma once

// A raw HTTP client on 127.0.0.1: it can also be slow, rude and silent.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

class http_client {
public:
  /// `receive_buffer` in bytes: small ones make the server's writes stall early.
  explicit http_client(uint16_t port, int receive_buffer = 0)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0)
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
  }
  ~http_client() { close(fd_); }
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  bool send_text(std::string_view text) {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  /// Everything until the server closes; what came when nothing more comes for 10 s.
  std::string read_all() {
    std::string out;
    char buffer[65536];
    while (readable(10'000)) {
      const auto got = recv(fd_, buffer, sizeof(buffer), 0);
      if (got <= 0)
        break;
      out.append(buffer, static_cast<size_t>(got));
    }
    return out;
  }

  /// At most so many bytes of what is there already.
  void read_some(size_t bytes) {
    std::string out(bytes, '\0');
    [[maybe_unused]] const auto got = recv(fd_, out.data(), out.size(), MSG_DONTWAIT);
  }

  /// True when the server closed or reset the connection, or sent something, within the time.
  bool readable(int timeout_ms) const {
    pollfd wait{fd_, POLLIN, 0};
    return poll(&wait, 1, timeout_ms) > 0;
  }

private:
  int fd_;
  bool connected_ = false;
};

struct http_reply {
  int status = 0;
  std::string head;
  std::string body;

  [[nodiscard]] bool has_header(std::string_view line) const {
    return head.find("\r\n" + std::string{line} + "\r\n") != std::string::npos;
  }
};

inline http_reply request_to(uint16_t port, std::string_view request) {
  http_client client{port};
  if (!client.connected() || !client.send_text(request))
    return {};
  const auto text = client.read_all();
  http_reply reply;
  const auto end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == std::string::npos)
    return reply;
  reply.status = std::atoi(text.c_str() + 9);
  reply.head = text.substr(0, end + 2);
  reply.body = text.substr(end + 4);
  return reply;
}

inline http_reply get(uint16_t port, const std::string& path, const std::string& headers = "") {
  return request_to(port, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
}

/// A port that was free a moment ago.
inline uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(any);
  if (bind(fd, reinterpret_cast<sockaddr*>(&any), size) != 0)
    any.sin_port = 0; // Nothing will answer there: the test fails.
  getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size);
  close(fd);
  return ntohs(any.sin_port);
}

/// Waits for a condition; false when it did not come true within 20 s.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

} // namespace troupe
