// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/standalone_processes.hpp"

#include "tests/bpf_reader/records.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace troupe;

namespace {

constexpr cgroup_id host = 1;
constexpr cgroup_id other_host = 2;
constexpr cgroup_id in_container = 30;
constexpr cgroup_id first_id = standalone_bit | 500;

struct noted_output final : router_output {
  void send_batch(container_key container, event_batch batch) override {
    for (const auto& header : headers_of(batch.records))
      records[container].push_back(header);
  }
  void cgroup_created(cgroup_found cgroup) override { created.push_back(std::move(cgroup)); }
  void cgroup_without_path(cgroup_id) override {}
  void cgroup_gone(cgroup_id cgroup, uint64_t) override { gone.push_back(cgroup); }
  void container_released(container_key) override {}

  [[nodiscard]] std::vector<int> kinds(container_key container) {
    std::vector<int> result;
    for (const auto& header : records[container])
      result.push_back(header.kind);
    return result;
  }

  std::map<container_key, std::vector<event_header>> records;
  std::vector<cgroup_found> created;
  std::vector<cgroup_id> gone;
};

test_record named(test_record record, const char* comm) {
  auto& x = *reinterpret_cast<process_found*>(record.bytes.data());
  std::memset(x.comm, 0, sizeof(x.comm));
  std::memcpy(x.comm, comm, strnlen(comm, sizeof(x.comm) - 1));
  return record;
}

test_record opened_by(cgroup_id cgroup, uint32_t pid, uint64_t start_ns = 1000) {
  return record(EVENT_TCP_OPENED, cgroup, sizeof(tcp_connection), pid, start_ns);
}

/// With a root cgroup that is nobody's, and a container with key 9.
struct machine {
  machine() {
    under_test.adopt(host);
    to.route(in_container, 9);
  }

  void take(const test_record& x) { under_test.take(x); }
  void let_time_pass(uint64_t ns) {
    auto later = opened_by(in_container, 999);
    later.header().time_ns += ns;
    take(later);
    under_test.tidy();
  }

  noted_output output;
  router to{{}, output};
  standalone_processes under_test{to, 500};
};

using kinds = std::vector<int>;

} // namespace

TEST_CASE("standalone: a process is announced by its name at its first socket event") {
  machine m;
  m.take(named(found(host, 100), "python3"));
  m.take(named(found(host, 101), "bash"));
  CHECK(m.output.created.empty());

  m.take(opened_by(host, 100));
  REQUIRE(m.output.created.size() == 1);
  CHECK(m.output.created[0].id == first_id);
  CHECK(m.output.created[0].path == "standalone/python3");
  CHECK(m.output.created[0].created);

  m.to.route(first_id, 1);
  m.take(opened_by(host, 100));
  m.take(exited(host, 100));
  m.to.flush();
  CHECK(m.output.kinds(1)
        == kinds{EVENT_PROCESS_FOUND, EVENT_TCP_OPENED, EVENT_TCP_OPENED, EVENT_PROCESS_EXITED});
  for (const auto& header : m.output.records[1])
    CHECK(header.cgroup_id == first_id);
}

TEST_CASE("standalone: processes of one name are one, of another another") {
  machine m;
  for (uint32_t pid : {100U, 101U})
    m.take(named(found(host, pid), "python3"));
  m.take(named(found(host, 102), "curl"));
  for (uint32_t pid : {100U, 101U, 102U})
    m.take(opened_by(host, pid));
  CHECK(m.output.created.size() == 2);
  CHECK(m.under_test.names() == 2);
  m.to.route(first_id, 1);
  m.to.route(first_id + 1, 2);
  m.to.flush();
  CHECK(m.output.kinds(1)
        == kinds{EVENT_PROCESS_FOUND, EVENT_TCP_OPENED, EVENT_PROCESS_FOUND, EVENT_TCP_OPENED});
  CHECK(m.output.kinds(2) == kinds{EVENT_PROCESS_FOUND, EVENT_TCP_OPENED});
}

TEST_CASE("standalone: what containers do goes on as it is") {
  machine m;
  m.take(named(forked(in_container, 200), "python3"));
  m.take(opened_by(in_container, 200));
  m.take(exited(in_container, 200));
  m.to.flush();
  CHECK(m.output.kinds(9) == kinds{EVENT_PROCESS_FORKED, EVENT_TCP_OPENED, EVENT_PROCESS_EXITED});
  CHECK(m.output.created.empty());
  CHECK(m.under_test.processes() == 0);
}

TEST_CASE("standalone: what came before the cgroup was decided about counts too, once") {
  noted_output output;
  router to{{}, output};
  standalone_processes under_test{to, 500};
  under_test.take(named(found(host, 100), "sshd"));
  under_test.take(record(EVENT_TCP_LISTEN_OPENED, host, sizeof(tcp_listen), 100));
  CHECK(output.created.empty());
  under_test.adopt(host);
  REQUIRE(output.created.size() == 1);
  CHECK(output.created[0].path == "standalone/sshd");
  to.route(first_id, 1);
  under_test.adopt(host); // Told again: no news.
  to.flush();
  CHECK(output.kinds(1) == kinds{EVENT_PROCESS_FOUND, EVENT_TCP_LISTEN_OPENED});
  for (const auto& count : to.events())
    if (count.kind == "tcp_listen_opened" || count.kind == "process_found")
      CHECK(count.count == 1);
}

TEST_CASE(
    "standalone: a name is gone some time after its last process, with its sockets' last word") {
  machine m;
  m.take(named(found(host, 100), "curl"));
  m.take(opened_by(host, 100));
  m.to.route(first_id, 1);
  m.take(exited(host, 100));
  m.take(record(EVENT_TCP_CLOSED, host, sizeof(tcp_connection_totals), 100));
  m.under_test.tidy();
  m.to.flush();
  CHECK(m.output.kinds(1).back() == EVENT_TCP_CLOSED);
  CHECK(m.output.gone.empty());
  m.let_time_pass(standalone_processes::linger_ns + 1'000'000);
  CHECK(m.output.gone == std::vector<cgroup_id>{first_id});
  CHECK(m.under_test.names() == 0);
  CHECK(m.under_test.processes() == 0);

  // Its next one is a new one.
  m.take(named(found(host, 101), "curl"));
  m.take(opened_by(host, 101));
  CHECK(m.output.created.back().id == first_id + 1);
}

TEST_CASE("standalone: a process that goes into a container stands no longer alone") {
  machine m;
  m.take(named(found(host, 100), "runc"));
  m.take(opened_by(host, 100));
  m.to.route(first_id, 1);
  m.take(moved(in_container, 100));
  CHECK(m.output.gone == std::vector<cgroup_id>{first_id});
  m.take(opened_by(in_container, 100));
  m.to.flush();
  CHECK(m.output.kinds(1) == kinds{EVENT_PROCESS_FOUND, EVENT_TCP_OPENED, EVENT_PROCESS_MOVED});
  CHECK(m.output.kinds(9) == kinds{EVENT_PROCESS_MOVED, EVENT_TCP_OPENED});
}

TEST_CASE("standalone: from one such cgroup to another it stays what it is") {
  machine m;
  m.under_test.adopt(other_host);
  m.take(named(found(host, 100), "sshd"));
  m.take(opened_by(host, 100));
  m.to.route(first_id, 1);
  m.take(named(moved(other_host, 100), "sshd"));
  m.take(opened_by(other_host, 100));
  m.to.flush();
  CHECK(m.output.created.size() == 1);
  CHECK(m.output.kinds(1).back() == EVENT_TCP_OPENED);
  CHECK(m.output.gone.empty());
}

TEST_CASE(
    "standalone: a pid's next process is another one, and an exit that was lost is made up for") {
  machine m;
  m.take(named(found(host, 100, 1000), "curl"));
  m.take(opened_by(host, 100, 1000));
  m.take(named(forked(host, 100, 5000), "bash"));
  CHECK(m.output.gone == std::vector<cgroup_id>{first_id});
  CHECK(m.under_test.processes() == 1);

  m.take(opened_by(host, 100, 1000)); // Of the former one: nobody's any more.
  CHECK(m.output.created.size() == 1);
  m.under_test.begin_walk();
  m.under_test.end_walk(10'000'000);
  m.let_time_pass(standalone_processes::linger_ns + 1'000'000);
  CHECK(m.under_test.processes() == 0);
}

TEST_CASE("standalone: nobody makes names without end, and who was never seen has none") {
  machine m;
  m.take(opened_by(host, 7));
  CHECK(m.output.created.empty());
  for (uint32_t i = 0; i <= standalone_processes::names_max; ++i) {
    m.take(named(found(host, 1000 + i), ("n" + std::to_string(i)).c_str()));
    m.take(opened_by(host, 1000 + i));
  }
  CHECK(m.output.created.size() == standalone_processes::names_max);
  CHECK(m.under_test.names() == standalone_processes::names_max);
}
