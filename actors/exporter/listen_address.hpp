// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace troupe {

/// Where to listen. Numbers only: no name is looked up.
struct listen_address {
  sockaddr_storage address{};
  socklen_t size = 0;
  bool every_family = false; ///< no host was given: IPv6 and IPv4 alike

  [[nodiscard]] uint16_t port() const;
};

/// "127.0.0.1:9912", "[::1]:9912", ":9912" (everywhere), "localhost:9912". Empty when it is none of
/// these.
std::optional<listen_address> parse_listen_address(std::string_view text);

/// True when nobody outside this network namespace can have this address: 127.0.0.0/8 or ::1.
/// `ip` is as getnameinfo() writes it, IPv4 also as ::ffff:127.0.0.1.
bool is_loopback(std::string_view ip);

/// 0, or the errno of binding to the address right now.
int try_to_bind(const listen_address& where);

/// Shuts down every TCP socket of this process whose local port is `port`: first those that listen,
/// then the accepted ones. Whoever waits on one of them wakes up at once.
void shut_down_sockets(uint16_t port);

} // namespace troupe
