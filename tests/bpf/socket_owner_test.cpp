// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/gate.hpp"
#include "tests/bpf/owner_hooks.hpp"
#include "tests/bpf/tcp_pair.hpp"
#include "tests/bpf/watched_kernel.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>

using namespace troupe;

namespace {

uint32_t pid_of(const tcp_connection& x) {
  return x.header.pid;
}

std::vector<tcp_connection> inbound(const kept_records& records) {
  auto result = records.all<tcp_connection>(EVENT_TCP_OPENED);
  std::erase_if(result, [](const auto& x) { return x.direction != TCP_INBOUND; });
  return result;
}

std::vector<tcp_connection_totals> closed(const kept_records& records) {
  return records.all<tcp_connection_totals>(EVENT_TCP_CLOSED);
}

void end(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

/// A listener's child serves one connection, of a client that sends a byte and waits for the end.
/// It says when it has used the socket, and closes it only after the owner was looked for. Returns
/// the server's side of it, which must be the child's.
tcp_connection_totals serve(watched_kernel& kernel,
                            const std::function<bool(const tcp_socket&, const gate&)>& use,
                            bool told_before_close = true) {
  const gate used;
  const gate looked;
  const auto pid = kernel.cgroup.start([&] {
    const tcp_listener listener;
    const auto client = connect_to(AF_INET, listener.port);
    const auto sent = client.send_bytes(1);
    const auto worker = fork();
    if (worker == 0) {
      const auto server = listener.accept();
      const auto good = use(server, used);
      looked.pass();
      _exit(good ? 0 : 1);
    }
    int status = 0;
    waitpid(worker, &status, 0);
    return sent && status == 0 ? 0 : 1;
  });
  used.pass();
  kernel.read_rest();
  kernel.source.walk_sockets(kernel.records);
  CHECK(inbound(kernel.records).size() == (told_before_close ? 1 : 0));
  const auto progress = kernel.records.all<tcp_connection_totals>(EVENT_TCP_PROGRESS);
  looked.open();
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(status == 0);
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 2));
  kernel.read_rest();
  const auto forked = kernel.records.all<process_forked>(EVENT_PROCESS_FORKED);
  REQUIRE(forked.size() == 1);
  REQUIRE(inbound(kernel.records).size() == 1);
  CHECK(pid_of(inbound(kernel.records)[0]) == forked[0].header.pid);
  CHECK(std::count_if(progress.begin(), progress.end(),
                      [&](const auto& x) { return pid_of(x.connection) == forked[0].header.pid; })
        == (told_before_close ? 1 : 0));
  auto all = closed(kernel.records);
  std::erase_if(all, [](const auto& x) { return x.connection.direction != TCP_INBOUND; });
  REQUIRE(all.size() == 1);
  CHECK(pid_of(all[0].connection) == forked[0].header.pid);
  return all[0];
}

} // namespace

TEST_CASE("an accepted socket is its user's, not its listener's") {
  watched_kernel kernel{options_with(each_owner_hook())};
  const scratch_cgroup clients;
  kernel.records.keep(clients.id());
  uint16_t port = 0;
  int told[2];
  REQUIRE(pipe(told) == 0);
  // Listens, and leaves the rest to a child: its connection is the child's.
  const auto server = kernel.cgroup.start([&] {
    const tcp_listener listener;
    if (write(told[1], &listener.port, sizeof(listener.port)) != sizeof(listener.port))
      return 1;
    const auto worker = fork();
    if (worker == 0) {
      const auto connection = listener.accept();
      _exit(connection.receive_bytes(100) && connection.send_bytes(50) ? 0 : 1);
    }
    waitpid(worker, nullptr, 0);
    return 0;
  });
  REQUIRE(read(told[0], &port, sizeof(port)) == sizeof(port));
  CHECK(clients.run([&] {
    const auto client = connect_to(AF_INET, port);
    return client.send_bytes(100) && client.receive_bytes(50) ? 0 : 1;
  }) == 0);
  waitpid(server, nullptr, 0);
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 2));
  const auto in = inbound(kernel.records);
  const auto forked = kernel.records.all<process_forked>(EVENT_PROCESS_FORKED);
  REQUIRE(in.size() == 1);
  REQUIRE(forked.size() == 1);
  CHECK(pid_of(in[0]) == forked[0].header.pid);
  CHECK(in[0].header.start_boottime_ns == forked[0].header.start_boottime_ns);
  CHECK(in[0].header.cgroup_id == kernel.cgroup.id());
  for (const auto& x : closed(kernel.records)) {
    const auto is_inbound = x.connection.direction == TCP_INBOUND;
    CHECK(x.connection.header.cgroup_id == (is_inbound ? kernel.cgroup.id() : clients.id()));
    CHECK(x.bytes_sent == (is_inbound ? 50 : 100));
    CHECK(x.bytes_received == (is_inbound ? 100 : 50));
  }
  close(told[0]);
  close(told[1]);
}

TEST_CASE("who only sends a file over an accepted socket is its user, before it closes") {
  watched_kernel kernel{options_with(each_owner_hook())};
  const auto connection = serve(kernel, [](const tcp_socket& server, const gate& sent) {
    const int file = memfd_create("file", 0);
    const auto sized = ftruncate(file, 5000) == 0;
    const auto whole = sized && sendfile(server.fd(), file, nullptr, 5000) == 5000;
    sent.open();
    return whole;
  });
  CHECK(connection.bytes_sent == 5000);
}

TEST_CASE("who only splices from an accepted socket is its user") {
  const auto hook = each_owner_hook();
  watched_kernel kernel{options_with(hook)};
  const auto connection = serve(
      kernel,
      [](const tcp_socket& server, const gate& received) {
        int ends[2];
        const auto made = pipe(ends) == 0;
        const auto whole = made && splice(server.fd(), nullptr, ends[1], nullptr, 1, 0) == 1;
        received.open();
        return whole;
      },
      /*told_before_close=*/hook != "tracepoint"); // Neither tracepoint is on its way.
  CHECK(connection.bytes_received == 1);
}

TEST_CASE("accepted and closed without a byte: opened and closed, whoever closes first") {
  watched_kernel kernel{options_with(each_owner_hook())};
  kernel.cgroup.run([] {
    const tcp_listener listener;
    for (int i = 0; i < 10; ++i) {
      tcp_pair pair{listener};
      if (i % 2 == 0)
        pair.server.close();
      else
        pair.client.close();
    }
    // Established, never accepted: ends with the listener.
    connect_to(AF_INET, listener.port);
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 22));
  kernel.read_rest();
  const auto in = inbound(kernel.records);
  CHECK(in.size() == 11);
  CHECK(kernel.records.count(EVENT_TCP_OPENED) == 22);
  CHECK(kernel.records.count(EVENT_TCP_CLOSED) == 22);
  for (const auto& x : closed(kernel.records)) {
    CHECK(x.bytes_sent == 0);
    CHECK(x.bytes_received == 0);
  }
  CHECK(kernel.source.losses().empty());
}

TEST_CASE("a process that is killed closes its connections") {
  watched_kernel kernel{options_with(each_owner_hook())};
  kernel.cgroup.run([] {
    const tcp_listener listener;
    std::vector<tcp_pair> pairs;
    for (int i = 0; i < 20; ++i) {
      const auto& pair = pairs.emplace_back(listener);
      pair.client.send_bytes(10);
      pair.server.receive_bytes(10);
    }
    raise(SIGKILL);
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 40));
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_TCP_OPENED) == 40);
  CHECK(kernel.records.count(EVENT_TCP_CLOSED) == 40);
  CHECK(kernel.records.count(EVENT_TCP_LISTEN_CLOSED) == 1);
}

TEST_CASE("a connection inherited over fork stays one, and its dialler's") {
  watched_kernel kernel{options_with(each_owner_hook())};
  kernel.cgroup.run([] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    const auto child = fork();
    if (child == 0) {
      pair.client.send_bytes(100);
      _exit(0);
    }
    pair.client.send_bytes(100);
    waitpid(child, nullptr, 0);
    return pair.server.receive_bytes(200) ? 0 : 1;
  });
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 2));
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_TCP_OPENED) == 2);
  const auto all = closed(kernel.records);
  REQUIRE(all.size() == 2);
  const auto moved = kernel.records.all<process_moved>(EVENT_PROCESS_MOVED);
  for (const auto& x : all) {
    CHECK(pid_of(x.connection) == moved[0].header.pid);
    CHECK(x.bytes_sent + x.bytes_received == 200);
  }
}

TEST_CASE("live connections tell what they have done since the last walk, idle ones now and then") {
  watched_kernel kernel{options_with(each_owner_hook())};
  const gate done;
  const gate again;
  const auto pid = kernel.cgroup.start([&] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    pair.client.send_bytes(1000);
    pair.server.receive_bytes(1000);
    done.open();
    again.pass();
    pair.client.send_bytes(234);
    pair.server.receive_bytes(234);
    done.open();
    pause();
    return 0;
  });
  done.pass();
  const auto progress = [&] {
    kernel.records.clear();
    kernel.source.walk_sockets(kernel.records);
    auto all = kernel.records.all<tcp_connection_totals>(EVENT_TCP_PROGRESS);
    std::erase_if(all, [](const auto& x) { return x.connection.direction != TCP_OUTBOUND; });
    return all;
  };
  auto first = progress();
  REQUIRE(first.size() == 1);
  CHECK(first[0].bytes_sent == 1000);
  for (int i = 0; i < 5; ++i)
    CHECK(progress().empty());
  CHECK(progress().size() == 1); // A sign of life.
  again.open();
  done.pass();
  auto second = progress();
  REQUIRE(second.size() == 1);
  CHECK(second[0].bytes_sent == 1234);
  CHECK(second[0].connection.socket_cookie == first[0].connection.socket_cookie);
  end(pid);
}

TEST_CASE("an accepted socket that nobody uses is told by the second walk, under its listener") {
  watched_kernel kernel{options_with(each_owner_hook())};
  const gate done;
  const auto pid = kernel.cgroup.start([&] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    done.open();
    pause();
    return 0;
  });
  done.pass();
  kernel.source.walk_sockets(kernel.records);
  CHECK(inbound(kernel.records).empty());
  kernel.source.walk_sockets(kernel.records);
  REQUIRE(inbound(kernel.records).size() == 1);
  CHECK(pid_of(inbound(kernel.records)[0]) == static_cast<uint32_t>(pid));
  end(pid);
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 2));
  CHECK(kernel.records.count(EVENT_TCP_OPENED) == 2);
}

TEST_CASE("sockets older than the agent are found with owner and direction, and count from then") {
  const auto hook = each_owner_hook();
  const scratch_cgroup cgroup;
  const gate done;
  const gate go;
  const auto pid = cgroup.start([&] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    const tcp_pair idle{listener};
    pair.client.send_bytes(5000);
    pair.server.receive_bytes(5000);
    pair.server.send_bytes(70);
    done.open();
    go.pass();
    pair.client.receive_bytes(70); // It was on the way before.
    pair.client.send_bytes(30);
    pair.server.receive_bytes(30);
    const tcp_pair young{listener};
    return young.client.send_bytes(7) && young.server.receive_bytes(7) ? 0 : 1;
  });
  done.pass();

  watched_kernel kernel{options_with(hook)};
  kernel.records.keep(cgroup.id());
  kernel.source.scan_sockets(kernel.records);
  const auto listens = kernel.records.all<tcp_listen>(EVENT_TCP_LISTEN_OPENED);
  REQUIRE(listens.size() == 1);
  CHECK(listens[0].preexisting == 1);
  const auto found = kernel.records.all<tcp_connection>(EVENT_TCP_OPENED);
  REQUIRE(found.size() == 4);
  CHECK(inbound(kernel.records).size() == 2);
  for (const auto& x : found) {
    CHECK(x.flags == (TCP_FLAG_ESTABLISHED | TCP_FLAG_PREEXISTING));
    CHECK(x.opened_ns == 0);
    CHECK(pid_of(x) == static_cast<uint32_t>(pid));
    CHECK((x.endpoints.local_port == listens[0].local_port) == (x.direction == TCP_INBOUND));
  }
  go.open();
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(status == 0);
  REQUIRE(kernel.await_count(EVENT_TCP_CLOSED, 6));
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_TCP_OPENED) == 6);
  uint64_t sent = 0;
  for (const auto& x : closed(kernel.records)) {
    CHECK((x.connection.direction == TCP_OUTBOUND ? x.bytes_received : x.bytes_sent) == 0);
    sent += x.bytes_sent;
  }
  CHECK(sent == 37);
  CHECK(kernel.records.count(EVENT_TCP_LISTEN_CLOSED) == 1);
}
