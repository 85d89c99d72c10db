// SPDX-License-Identifier: Apache-2.0
#pragma once

// A runtime that behaves as badly as the test wants: a unix socket in a folder of its own, and a
// thread for each connection.

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace troupe {

/// A folder that is removed with everything in it.
class scratch_folder {
public:
  scratch_folder() {
    char name[] = "/tmp/troupe-test-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~scratch_folder() { std::filesystem::remove_all(path_); }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + '/' + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

/// One accepted connection, as the handler of a fake_socket sees it.
class fake_connection {
public:
  fake_connection(int fd, int stop_fd) : fd_(fd), stop_fd_(stop_fd) {}

  /// The head of a request; empty when the peer closed.
  std::string read_request() {
    std::string text;
    char buffer[4096];
    while (text.find("\r\n\r\n") == std::string::npos && wait(POLLIN)) {
      const auto size = ::recv(fd_, buffer, sizeof buffer, 0);
      if (size <= 0)
        return {};
      text.append(buffer, static_cast<size_t>(size));
    }
    return text;
  }

  /// False when the peer closed or the server ends.
  bool write(std::string_view text) {
    while (!text.empty()) {
      if (!wait(POLLOUT))
        return false;
      const auto size = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size <= 0)
        return false;
      text.remove_prefix(static_cast<size_t>(size));
    }
    return true;
  }

  void answer(std::string_view body, std::string_view status = "200 OK") {
    write("HTTP/1.1 " + std::string{status}
          + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
          + "\r\n\r\n" + std::string{body});
  }

  /// Waits until the peer closes or the server ends.
  void hang() { wait(POLLRDHUP); }

  /// For a server that reads and writes by other means.
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool stopped() const {
    pollfd fd{stop_fd_, POLLIN, 0};
    return ::poll(&fd, 1, 0) > 0;
  }

private:
  // False once the server ends or nobody is at the other end.
  bool wait(short events) const {
    pollfd fds[2] = {{fd_, events, 0}, {stop_fd_, POLLIN, 0}};
    return ::poll(fds, 2, 30'000) > 0 && fds[1].revents == 0;
  }

  int fd_;
  int stop_fd_;
};

class fake_socket {
public:
  using handler = std::function<void(fake_connection&)>;

  fake_socket(std::string path, handler handle)
      : path_(std::move(path)),
        handle_(std::move(handle)),
        stop_fd_(::eventfd(0, EFD_CLOEXEC)),
        fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    ::unlink(path_.c_str());
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd_, 64) == 0);
    acceptor_ = std::thread{[this] {
      accept_all();
    }};
  }

  ~fake_socket() {
    const uint64_t one = 1;
    static_cast<void>(::write(stop_fd_, &one, sizeof one) == sizeof one);
    acceptor_.join();
    for (auto& thread : connections_)
      thread.join();
    ::close(fd_);
    ::close(stop_fd_);
    ::unlink(path_.c_str());
  }

  fake_socket(const fake_socket&) = delete;
  fake_socket& operator=(const fake_socket&) = delete;

  [[nodiscard]] int accepted() const { return accepted_; }

private:
  void accept_all() {
    while (true) {
      pollfd fds[2] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
      if (::poll(fds, 2, -1) < 0 || fds[1].revents != 0)
        return;
      const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0)
        return;
      ++accepted_;
      connections_.emplace_back([this, peer] {
        fake_connection connection{peer, stop_fd_};
        handle_(connection);
        ::close(peer);
      });
    }
  }

  std::string path_;
  handler handle_;
  int stop_fd_;
  int fd_;
  std::atomic<int> accepted_ = 0;
  std::vector<std::thread> connections_; ///< touched by the acceptor's thread only, until the end
  std::thread acceptor_;
};

} // namespace troupe
