// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/owner_hooks.hpp"
#include "tests/bpf/tcp_pair.hpp"
#include "tests/bpf/watched_kernel.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

using namespace troupe;

namespace {

constexpr auto hundred = size_t{100};

std::vector<tcp_connection_totals> closed(const watched_kernel& kernel, tcp_direction direction) {
  auto result = kernel.records.all<tcp_connection_totals>(EVENT_TCP_CLOSED);
  std::erase_if(result, [=](const auto& x) { return x.connection.direction != direction; });
  return result;
}

std::vector<tcp_connection> opened(const watched_kernel& kernel, tcp_direction direction) {
  auto result = kernel.records.all<tcp_connection>(EVENT_TCP_OPENED);
  std::erase_if(result, [=](const auto& x) { return x.direction != direction; });
  return result;
}

/// So many connections one after the other, each with so many bytes to the server and back.
int exchange(int family, size_t connections, size_t bytes) {
  const tcp_listener listener{family};
  for (size_t i = 0; i < connections; ++i) {
    const tcp_pair pair{listener};
    if (!pair.client.send_bytes(bytes) || !pair.server.receive_bytes(bytes)
        || !pair.server.send_bytes(bytes) || !pair.client.receive_bytes(bytes))
      return 1;
  }
  return 0;
}

void check_exchange(watched_kernel& kernel, size_t connections, size_t bytes) {
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 2 * connections));
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_TCP_OPENED) == 2 * connections);
  CHECK(kernel.records.count(EVENT_TCP_CLOSED) == 2 * connections);
  CHECK(kernel.records.count(EVENT_TCP_CONNECT_FAILED) == 0);
  CHECK(kernel.source.losses().empty());
  for (auto direction : {TCP_OUTBOUND, TCP_INBOUND}) {
    const auto all = closed(kernel, direction);
    CHECK(opened(kernel, direction).size() == connections);
    REQUIRE(all.size() == connections);
    for (const auto& x : all) {
      CHECK(x.bytes_sent == bytes);
      CHECK(x.bytes_received == bytes);
      CHECK((x.retransmits == 0 || bytes > 1000)); // A slow machine repeats itself.
      CHECK(x.connection.error == 0);
      CHECK(x.connection.flags == TCP_FLAG_ESTABLISHED);
      CHECK(x.srtt_us > 0);
      CHECK((x.connection.connect_ns > 0) == (direction == TCP_OUTBOUND));
    }
  }
}

} // namespace

TEST_CASE("a hundred connections of a thousand bytes each way are exactly that, on both sides") {
  watched_kernel kernel{options_with(each_owner_hook())};
  CHECK(kernel.cgroup.run([] { return exchange(AF_INET, hundred, 1000); }) == 0);
  check_exchange(kernel, hundred, 1000);
  const auto out = opened(kernel, TCP_OUTBOUND);
  const auto in = opened(kernel, TCP_INBOUND);
  for (size_t i = 0; i < hundred; ++i) {
    CHECK(out[i].endpoints.local_port == in[i].endpoints.remote_port);
    CHECK(out[i].endpoints.remote_port == in[i].endpoints.local_port);
    CHECK(out[i].endpoints.local[10] == 0xff);
    CHECK(out[i].endpoints.local[12] == 127);
    CHECK(out[i].socket_cookie != in[i].socket_cookie);
  }
}

TEST_CASE("IPv6 counts as IPv4 does, and so do large transfers") {
  watched_kernel kernel{options_with(each_owner_hook())};
  CHECK(kernel.cgroup.run([] { return exchange(AF_INET6, 10, 200'000); }) == 0);
  check_exchange(kernel, 10, 200'000);
  for (const auto& x : opened(kernel, TCP_OUTBOUND)) {
    CHECK(std::all_of(x.endpoints.remote, x.endpoints.remote + 15, [](auto b) { return b == 0; }));
    CHECK(x.endpoints.remote[15] == 1);
  }
}

TEST_CASE("an IPv4 client of an IPv6 listener is shown as v4-mapped on both sides") {
  watched_kernel kernel;
  kernel.cgroup.run([] {
    const tcp_socket listener{socket(AF_INET6, SOCK_STREAM, 0)};
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    socklen_t size = sizeof(any);
    bind(listener.fd(), reinterpret_cast<sockaddr*>(&any), size);
    listen(listener.fd(), 1);
    getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&any), &size);
    const auto client = connect_to(AF_INET, ntohs(any.sin6_port));
    const tcp_socket server{accept(listener.fd(), nullptr, nullptr)};
    return client.send_bytes(5) && server.receive_bytes(5) ? 0 : 1;
  });
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 2));
  const auto out = opened(kernel, TCP_OUTBOUND);
  const auto in = opened(kernel, TCP_INBOUND);
  REQUIRE(out.size() == 1);
  REQUIRE(in.size() == 1);
  CHECK(std::equal(out[0].endpoints.local, out[0].endpoints.local + 16, in[0].endpoints.remote));
  CHECK(std::equal(out[0].endpoints.remote, out[0].endpoints.remote + 16, in[0].endpoints.local));
}

TEST_CASE("ten refused connects are ten failures with their error, and nothing else") {
  watched_kernel kernel;
  kernel.cgroup.run([] {
    auto port = uint16_t{0};
    {
      const tcp_listener listener;
      port = listener.port;
    }
    for (int i = 0; i < 10; ++i)
      connect_to(AF_INET, port);
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 1));
  kernel.read_rest();
  const auto failed = kernel.records.all<tcp_connection_totals>(EVENT_TCP_CONNECT_FAILED);
  REQUIRE(failed.size() == 10);
  for (const auto& x : failed) {
    CHECK(x.connection.error == ECONNREFUSED);
    CHECK(x.connection.flags == 0);
    CHECK(x.connection.connect_ns > 0);
    CHECK(x.connection.opened_ns == 0);
    CHECK(x.connection.endpoints.local_port != 0);
    CHECK(x.bytes_sent == 0);
  }
  CHECK(kernel.records.count(EVENT_TCP_OPENED) == 0);
  CHECK(kernel.records.count(EVENT_TCP_CLOSED) == 0);
}

TEST_CASE("a socket that connects again is a connection each time") {
  watched_kernel kernel;
  kernel.cgroup.run([] {
    const tcp_listener listener;
    const tcp_socket client{socket(AF_INET, SOCK_STREAM, 0)};
    const loopback refused{AF_INET, 1};
    connect(client.fd(), refused.address(), refused.size);
    for (int i = 0; i < 3; ++i) {
      const loopback to{AF_INET, listener.port};
      if (connect(client.fd(), to.address(), to.size) != 0)
        return 1;
      const auto server = listener.accept();
      client.send_bytes(10);
      server.receive_bytes(10);
      const sockaddr none{AF_UNSPEC, {}};
      connect(client.fd(), &none, sizeof(none)); // Resets the connection.
    }
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 1));
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_TCP_CONNECT_FAILED) == 1);
  const auto out = closed(kernel, TCP_OUTBOUND);
  CHECK(opened(kernel, TCP_OUTBOUND).size() == 3);
  REQUIRE(out.size() == 3);
  for (const auto& x : out) {
    CHECK(x.bytes_sent == 10);
    CHECK((x.connection.flags & TCP_FLAG_RESET) != 0);
  }
  for (const auto& x : closed(kernel, TCP_INBOUND)) {
    CHECK(x.connection.error == ECONNRESET);
    CHECK((x.connection.flags & TCP_FLAG_RESET) != 0);
    CHECK(x.bytes_received == 10);
  }
}

TEST_CASE("listening sockets open and close, with their address") {
  watched_kernel kernel;
  kernel.cgroup.run([] {
    const tcp_listener four;
    const tcp_listener six{AF_INET6};
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_TCP_LISTEN_CLOSED, 2));
  const auto listens = kernel.records.all<tcp_listen>(EVENT_TCP_LISTEN_OPENED);
  const auto ends = kernel.records.all<tcp_listen>(EVENT_TCP_LISTEN_CLOSED);
  REQUIRE(listens.size() == 2);
  REQUIRE(ends.size() == 2);
  CHECK(listens[0].local[12] == 127);
  CHECK(listens[1].local[15] == 1);
  for (const auto& x : listens) {
    CHECK(x.local_port != 0);
    CHECK(x.preexisting == 0);
    CHECK(std::count_if(ends.begin(), ends.end(),
                        [&](const auto& end) {
                          return end.socket_cookie == x.socket_cookie
                                 && end.local_port == x.local_port;
                        })
          == 1);
  }
}

TEST_CASE("a half-closed connection is one connection with all its bytes") {
  watched_kernel kernel{options_with(each_owner_hook())};
  CHECK(kernel.cgroup.run([] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    bool good = pair.client.send_bytes(300);
    shutdown(pair.client.fd(), SHUT_WR);
    char byte = 0;
    good = good && pair.server.receive_bytes(300) && recv(pair.server.fd(), &byte, 1, 0) == 0;
    return good && pair.server.send_bytes(5000) && pair.client.receive_bytes(5000) ? 0 : 1;
  }) == 0);
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 2));
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_TCP_OPENED) == 2);
  const auto out = closed(kernel, TCP_OUTBOUND);
  const auto in = closed(kernel, TCP_INBOUND);
  REQUIRE(out.size() == 1);
  REQUIRE(in.size() == 1);
  CHECK(out[0].bytes_sent == 300);
  CHECK(out[0].bytes_received == 5000);
  CHECK(in[0].bytes_sent == 5000);
  CHECK(in[0].bytes_received == 300);
  CHECK((out[0].connection.flags & TCP_FLAG_RESET) == 0);
}

TEST_CASE("unread data at close is a reset, and only what TCP took in counts as received") {
  watched_kernel kernel{options_with(each_owner_hook())};
  kernel.cgroup.run([] {
    const tcp_listener listener;
    tcp_pair pair{listener};
    pair.client.send_bytes(700);
    char byte = 0;
    recv(pair.server.fd(), &byte, 1, MSG_PEEK); // Waits; takes nothing.
    pair.server.close();
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 2));
  const auto out = closed(kernel, TCP_OUTBOUND);
  const auto in = closed(kernel, TCP_INBOUND);
  REQUIRE(out.size() == 1);
  REQUIRE(in.size() == 1);
  CHECK(out[0].connection.error == ECONNRESET);
  CHECK((out[0].connection.flags & TCP_FLAG_RESET) != 0);
  CHECK((in[0].connection.flags & TCP_FLAG_RESET) != 0);
  CHECK(in[0].bytes_received == 700);
}

TEST_CASE("sockets that are not TCP are not seen") {
  watched_kernel kernel;
  kernel.cgroup.run([] {
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    const tcp_socket a{pair[0]};
    const tcp_socket b{pair[1]};
    a.send_bytes(1000);
    b.receive_bytes(1000);
    const tcp_socket udp{socket(AF_INET, SOCK_DGRAM, 0)};
    const loopback to{AF_INET, 9};
    connect(udp.fd(), to.address(), to.size);
    udp.send_bytes(100);
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 1));
  kernel.read_rest();
  for (const auto& bytes : kernel.records.records())
    CHECK(is_lifecycle(reinterpret_cast<const event_header*>(bytes.data())->kind));
}
