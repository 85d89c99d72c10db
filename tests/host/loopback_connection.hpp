// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {

/// A listen on 127.0.0.1 with one connection to it, over which 5 bytes went and 3 came back.
struct loopback_connection {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int accepted = -1;
  bool ready = false;

  loopback_connection() {
    sockaddr_in address{AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
    ready = bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0
            && listen(listener, 7) == 0;
    address.sin_port = htons(port_of(listener));
    ready = ready && connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    accepted = accept(listener, nullptr, nullptr);
    std::array<char, 5> got{};
    ready = ready && send(client, "hello", 5, 0) == 5
            && recv(accepted, got.data(), 5, MSG_WAITALL) == 5 && send(accepted, "abc", 3, 0) == 3
            && recv(client, got.data(), 3, MSG_WAITALL) == 3;
  }
  ~loopback_connection() {
    for (const int fd : {client, accepted, listener})
      close(fd);
  }
  loopback_connection(const loopback_connection&) = delete;
  loopback_connection& operator=(const loopback_connection&) = delete;

  static uint16_t port_of(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  static std::string name_of(int fd) { return "127.0.0.1:" + std::to_string(port_of(fd)); }
  static uint32_t inode_of(int fd) {
    struct stat status {};
    return fstat(fd, &status) == 0 ? static_cast<uint32_t>(status.st_ino) : 0;
  }
};

} // namespace troupe
