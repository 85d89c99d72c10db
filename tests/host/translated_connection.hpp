// SPDX-License-Identifier: Apache-2.0
#pragma once

// A process in a network namespace of its own, where 10.96.0.10:80 and [fd00:96::10]:80 lead to two
// of its own listens; it keeps a connection to each. Needs root and iptables.

#include "messages/nat.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe {

struct dialled_connection {
  sockaddr_in6 local{};
  sockaddr_in6 remote{};
  sockaddr_in6 listener{};
  int listening = -1;
  int connected = -1;

  /// Dials `service`:80, which `rules` lead to our listen on `own`.
  bool open(const char* own, const char* service, const std::string& iptables) {
    listening = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connected = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    listener.sin6_family = remote.sin6_family = AF_INET6;
    inet_pton(AF_INET6, own, &listener.sin6_addr);
    inet_pton(AF_INET6, service, &remote.sin6_addr);
    remote.sin6_port = htons(80);
    socklen_t size = sizeof(listener);
    if (bind(listening, reinterpret_cast<sockaddr*>(&listener), sizeof(listener)) != 0
        || listen(listening, 1) != 0
        || getsockname(listening, reinterpret_cast<sockaddr*>(&listener), &size) != 0)
      return false;
    const bool v4 = IN6_IS_ADDR_V4MAPPED(&listener.sin6_addr);
    const auto text = [v4](const char* x) {
      return v4 ? std::string{x}.substr(std::strlen("::ffff:")) : x;
    };
    const auto target = v4 ? text(own) : '[' + text(own) + ']';
    const auto rule = iptables + " -t nat -A OUTPUT -p tcp -d " + text(service)
                      + " --dport 80 -j DNAT --to-destination " + target + ':'
                      + std::to_string(ntohs(listener.sin6_port));
    return std::system(rule.c_str()) == 0
           && connect(connected, reinterpret_cast<sockaddr*>(&remote), sizeof(remote)) == 0
           && getsockname(connected, reinterpret_cast<sockaddr*>(&local), &size) == 0;
  }
};

/// What the child says of a connection.
struct dialled_ends {
  nat_question question;
  nat_address actual;
};

class translated_connections {
public:
  translated_connections() {
    std::array<int, 2> ready{};
    std::array<int, 2> stop{};
    if (pipe2(ready.data(), O_CLOEXEC) != 0 || pipe2(stop.data(), O_CLOEXEC) != 0)
      return;
    pid_ = fork();
    if (pid_ == 0) {
      close(stop[1]);
      live(ready[1], stop[0]);
    }
    close(ready[1]);
    close(stop[0]);
    end_ = stop[1];
    std::array<dialled_connection, 2> said{};
    const auto size = read(ready[0], said.data(), sizeof(said));
    close(ready[0]);
    if (size != static_cast<ssize_t>(sizeof(said)))
      return;
    for (const auto& x : said)
      ends_.push_back({question_of(x), address_of(x.listener)});
  }
  ~translated_connections() {
    close(end_);
    if (pid_ > 0)
      waitpid(pid_, nullptr, 0);
  }
  translated_connections(const translated_connections&) = delete;
  translated_connections& operator=(const translated_connections&) = delete;

  /// IPv4, then IPv6; empty when it could not be made.
  [[nodiscard]] const std::vector<dialled_ends>& ends() const { return ends_; }
  [[nodiscard]] uint32_t pid() const { return static_cast<uint32_t>(pid_); }

private:
  [[noreturn]] static void live(int ready, int stop) {
    std::array<dialled_connection, 2> made{};
    char never = 0;
    const bool done =
        unshare(CLONE_NEWNET) == 0
        && std::system("ip link set lo up && ip address add 10.0.0.2/24 dev lo && "
                       "ip address add fd00::2/64 dev lo nodad && "
                       "ip route add 10.96.0.0/16 dev lo && ip route add fd00:96::/64 dev lo")
               == 0
        && made[0].open("::ffff:10.0.0.2", "::ffff:10.96.0.10", "iptables")
        && made[1].open("fd00::2", "fd00:96::10", "ip6tables")
        && write(ready, made.data(), sizeof(made)) == static_cast<ssize_t>(sizeof(made))
        && read(stop, &never, 1) == 0;
    _exit(done ? 0 : 1);
  }

  static nat_address address_of(const sockaddr_in6& x) {
    nat_address result;
    std::copy(std::begin(x.sin6_addr.s6_addr), std::end(x.sin6_addr.s6_addr), result.ip.begin());
    result.port = ntohs(x.sin6_port);
    return result;
  }
  nat_question question_of(const dialled_connection& x) const {
    nat_question result;
    const auto local = address_of(x.local);
    const auto remote = address_of(x.remote);
    result.socket_cookie = local.port;
    result.pid = pid();
    std::copy(local.ip.begin(), local.ip.end(), std::begin(result.ends.local));
    std::copy(remote.ip.begin(), remote.ip.end(), std::begin(result.ends.remote));
    result.ends.local_port = local.port;
    result.ends.remote_port = remote.port;
    return result;
  }

  pid_t pid_ = -1;
  int end_ = -1;
  std::vector<dialled_ends> ends_;
};

} // namespace troupe
