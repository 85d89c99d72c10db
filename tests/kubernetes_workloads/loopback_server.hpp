// SPDX-License-Identifier: Apache-2.0
#pragma once

// An HTTP server on the loopback address, for one request a connection.

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

class loopback_server {
public:
  /// What to write for a request; empty: nothing, until the client or the test ends.
  using handler = std::function<std::string(const std::string& request)>;

  explicit loopback_server(handler answer)
      : answer_(std::move(answer)),
        fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        stop_fd_(eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(fd_, 16) == 0);
    socklen_t size = sizeof address;
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] {
      serve();
    }};
  }

  ~loopback_server() {
    const uint64_t one = 1;
    static_cast<void>(::write(stop_fd_, &one, sizeof one) == sizeof one);
    thread_.join();
    close(fd_);
    close(stop_fd_);
  }
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/pods") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
  }

  static std::string ok(const std::string& body, const std::string& status = "200 OK") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size())
           + "\r\nConnection: close\r\n\r\n" + body;
  }

private:
  [[nodiscard]] bool readable(int fd) const {
    pollfd fds[2] = {{fd, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    return poll(fds, 2, 30'000) > 0 && fds[1].revents == 0;
  }

  void serve() {
    while (readable(fd_)) {
      const int peer = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0)
        return;
      answer(peer);
      close(peer);
    }
  }

  void answer(int peer) {
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n") == std::string::npos && readable(peer)) {
      const auto size = recv(peer, buffer, sizeof buffer, 0);
      if (size <= 0)
        return;
      request.append(buffer, static_cast<size_t>(size));
    }
    {
      const std::lock_guard lock{mutex_};
      requests_.push_back(request);
    }
    const auto text = answer_(request);
    for (size_t sent = 0; sent < text.size();) {
      const auto size = send(peer, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (size <= 0)
        return;
      sent += static_cast<size_t>(size);
    }
    if (text.empty())
      static_cast<void>(readable(peer));
  }

  handler answer_;
  int fd_;
  int stop_fd_;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

} // namespace troupe
