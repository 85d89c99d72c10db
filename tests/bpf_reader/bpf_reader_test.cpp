// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/bpf_reader.hpp"
#include "tests/bpf_reader/listeners.hpp"
#include "tests/bpf_reader/records.hpp"
#include "tests/deterministic_system.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>

using namespace troupe;

namespace {

/// What the kernel would say, set by the test.
struct scripted_kernel {
  std::deque<test_record> events;
  std::vector<test_record> processes;
  std::vector<test_record> sockets;
  std::vector<test_record> progress;
  std::set<cgroup_id> ignored;
  bool lost = false;
  int process_walks = 0;
  int polls = 0;
  bool ended = false;
  bool closed = false;
};

class scripted_source final : public event_source {
public:
  explicit scripted_source(std::shared_ptr<scripted_kernel> kernel) : kernel_{std::move(kernel)} {}
  ~scripted_source() override { kernel_->closed = true; }

  bool ended() const override { return kernel_->ended; }
  void poll(std::chrono::milliseconds, record_sink& sink) override {
    ++kernel_->polls;
    for (; !kernel_->events.empty(); kernel_->events.pop_front())
      sink.take(kernel_->events.front());
  }
  bool walk_processes(record_sink& sink) override {
    ++kernel_->process_walks;
    return give(kernel_->processes, sink);
  }
  void scan_sockets(record_sink& sink) override { give(kernel_->sockets, sink); }
  void walk_sockets(record_sink& sink) override { give(kernel_->progress, sink); }
  void set_ignored(cgroup_id cgroup, bool ignored) override {
    ignored ? void(kernel_->ignored.insert(cgroup)) : void(kernel_->ignored.erase(cgroup));
  }
  std::vector<feature_status> features() const override { return {{"process", true, ""}}; }
  std::vector<loss_count> losses() override { return {{"kernel", "ring_full", "tcp_opened", 3}}; }
  bool lost_lifecycle() override { return std::exchange(kernel_->lost, false); }
  std::vector<map_usage> map_usages() override { return {{"cgroup_flags", 1, 8}}; }

private:
  static bool give(const std::vector<test_record>& records, record_sink& sink) {
    for (const auto& x : records)
      sink.take(x);
    return true;
  }

  std::shared_ptr<scripted_kernel> kernel_;
};

struct reader_fixture : deterministic_system {
  std::shared_ptr<scripted_kernel> kernel = std::make_shared<scripted_kernel>();
  std::shared_ptr<heard> h = std::make_shared<heard>();
  registry_actor registry = spawn(test_registry, h);
  container_actor container = spawn(test_container, h);
  bpf_reader_actor reader;

  void start(const settings& options = {}) {
    reader = spawn(bpf_reader_of, options,
                   event_source_factory{[k = kernel]() -> std::unique_ptr<event_source> {
                     return std::make_unique<scripted_source>(k);
                   }},
                   registry);
    step();
  }

  /// The reader sends to itself without end: a bounded number of turns, one message each, and
  /// after each everybody else's (the coordinator would go on with the same actor).
  void step() {
    for (int i = 0; i < 50 && sched.try_run_once(); ++i)
      if (sched.jobs.size() > 1)
        std::rotate(sched.jobs.begin(), sched.jobs.begin() + 1, sched.jobs.end());
  }

  template <class... Message>
  void tell(Message&&... message) {
    self->send(reader, std::forward<Message>(message)...);
    step();
  }

  ~reader_fixture() { h->owed.clear(); }
};

} // namespace

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: shows itself to the registry, and walks at start") {
  kernel->processes = {found(11)};
  kernel->sockets = {opened(11)};
  start();
  CHECK(h->readers == 1);
  CHECK(kernel->process_walks == 1);
  tell(route_cgroup{11, 1}, container);
  CHECK(h->kinds == std::vector<int>{EVENT_PROCESS_FOUND, EVENT_TCP_OPENED});
  REQUIRE(h->changed.size() == 1);
  CHECK(h->changed[0].container == 1);
}

TEST_CASE_FIXTURE(reader_fixture,
                  "bpf_reader: a container's gauge shows how much of its credit is used") {
  const auto watched =
      spawn([](gauged_actor<container_actor>* watched_self,
               const std::shared_ptr<heard>& what) { return test_container(watched_self, what); },
            h);
  const auto used = [gauge = gauge_of(watched)] {
    const auto x = gauge->read(0, [](uint64_t) { return std::string{}; });
    return std::pair{x.credit_used, x.credit_granted};
  };
  settings options;
  options.credit_batches = 2;
  start(options);
  tell(route_cgroup{11, 1}, watched);
  CHECK(used() == std::pair<uint64_t, uint64_t>{0, 2});
  for (int i = 0; i < 3; ++i) { // The third one waits for credit.
    kernel->events.push_back(opened(11));
    step();
  }
  CHECK(h->batches == 2);
  CHECK(used() == std::pair<uint64_t, uint64_t>{2, 2});
  tell(credit{1, 2});
  CHECK(h->batches == 3);
  CHECK(used() == std::pair<uint64_t, uint64_t>{1, 2});
  tell(credit{1, 5}); // More than was owed.
  CHECK(used() == std::pair<uint64_t, uint64_t>{0, 2});
  CHECK(gauge_of(reader)->read(0, [](uint64_t) { return std::string{}; }).batches == 3);
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: a new cgroup's events wait for its route") {
  start();
  kernel->events = {created(11, "/docker/abc"), forked(11), opened(11)};
  step();
  REQUIRE(h->found.size() == 1);
  CHECK(h->found[0].path == "/docker/abc");
  CHECK(h->batches == 0);
  tell(route_cgroup{11, 1}, container);
  CHECK(h->kinds == std::vector<int>{EVENT_PROCESS_FORKED, EVENT_TCP_OPENED});
  kernel->events = {exited(11), removed(11)};
  step();
  CHECK(h->kinds.back() == EVENT_PROCESS_EXITED);
  CHECK(h->removed == std::vector<cgroup_id>{11});
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: holds its batches back until credit is granted") {
  settings options;
  options.credit_batches = 2;
  start(options);
  tell(route_cgroup{11, 1}, container);
  for (int i = 0; i < 4; ++i) {
    kernel->events = {opened(11)};
    step();
  }
  CHECK(h->batches == 2);
  tell(credit{1, 1});
  CHECK(h->batches == 3);
  CHECK(h->kinds.size() == 4); // Merged.
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: takes all credit that is there before it polls") {
  start();
  tell(route_cgroup{11, 1}, container);
  const auto polls = kernel->polls;
  for (int i = 0; i < 200; ++i)
    self->send<caf::message_priority::high>(reader, credit{1, 1});
  for (int i = 0; i < 200; ++i) // At most one drain between any two of them.
    sched.try_run_once();
  CHECK(kernel->polls - polls <= 1); // The one that was under way.
  step();
  CHECK(kernel->polls - polls > 1);
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: a source that has ended is polled no more") {
  start();
  tell(route_cgroup{11, 1}, container);
  kernel->events = {opened(11)};
  kernel->ended = true;
  step();
  const auto polls = kernel->polls;
  CHECK(h->kinds == std::vector<int>{EVENT_TCP_OPENED});
  step();
  CHECK(kernel->polls == polls);
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: what is ignored is ignored in the kernel as well") {
  start();
  tell(ignore_cgroup{11});
  CHECK(kernel->ignored.count(11) == 1);
  tell(route_cgroup{11, 1}, container);
  CHECK(kernel->ignored.empty());
  tell(ignore_cgroup{12});
  tell(unroute_cgroup{12});
  CHECK(kernel->ignored.empty());
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: compares with the kernel's processes after a loss") {
  start();
  tell(route_cgroup{11, 1}, container);
  kernel->events = {forked(11, 100)};
  step();
  tell(tick{});
  CHECK(kernel->process_walks == 1); // Only the one at start.
  kernel->lost = true;
  kernel->processes = {found(11, 101)};
  tell(tick{});
  CHECK(kernel->process_walks == 2);
  CHECK(h->kinds
        == std::vector<int>{EVENT_PROCESS_FORKED, EVENT_PROCESS_FOUND, EVENT_PROCESS_EXITED});
  tell(tick{});
  tell(tick{});
  CHECK(kernel->process_walks == 3);
  CHECK(h->readers == 2); // The registry has the cgroups walked, once.
}

TEST_CASE_FIXTURE(reader_fixture,
                  "bpf_reader: with quick ticks it compares until nobody is too young for it") {
  settings options;
  options.tick_interval = std::chrono::milliseconds{300};
  start(options);
  kernel->lost = true;
  for (int i = 0; i < 10; ++i)
    tell(tick{});
  CHECK(kernel->process_walks == 1 + 5); // At start; then at 0, 300, 600, 900 and 1,200 ms.
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: a tick brings the progress of live connections") {
  start();
  tell(route_cgroup{11, 1}, container);
  kernel->progress = {record(EVENT_TCP_PROGRESS, 11, sizeof(tcp_connection_totals))};
  tell(tick{});
  CHECK(h->kinds == std::vector<int>{EVENT_TCP_PROGRESS});
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: gives an account of itself") {
  start();
  tell(route_cgroup{11, 1}, container);
  tell(ignore_cgroup{12});
  kernel->events = {opened(11), opened(11)};
  step();
  auto pending = self->request(reader, caf::infinite, get_status{});
  step();
  pending.receive(
      [](const reader_status& status) {
        CHECK(status.features.size() == 1);
        CHECK(status.losses.at(0).count == 3);
        CHECK(status.maps.size() == 1);
        CHECK(status.routes == 1);
        CHECK(status.ignored == 1);
        CHECK(status.events.at(EVENT_TCP_OPENED - 1).kind == "tcp_opened");
        CHECK(status.events.at(EVENT_TCP_OPENED - 1).count == 2);
      },
      [](const caf::error&) { FAIL("no status"); });
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: lets go of the kernel when it ends") {
  start();
  self->send_exit(reader, caf::exit_reason::user_shutdown);
  step();
  CHECK(kernel->closed);
  CHECK(ended(reader));
}

TEST_CASE_FIXTURE(reader_fixture, "bpf_reader: ends with an error where nothing can be loaded") {
  reader =
      spawn(bpf_reader_of, settings{}, event_source_factory{[]() -> std::unique_ptr<event_source> {
              return nullptr;
            }},
            registry);
  step();
  CHECK(ended(reader));
  CHECK(h->readers == 0);
}
