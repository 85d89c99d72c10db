// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/router.hpp"
#include "tests/bpf_reader/records.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

using namespace troupe;

namespace {

struct recording_output final : router_output {
  struct sent {
    container_key container = 0;
    event_batch batch;
  };

  void send_batch(container_key container, event_batch batch) override {
    order.push_back("batch");
    batches.push_back({container, std::move(batch)});
  }
  void cgroup_created(cgroup_found cgroup) override { created.push_back(std::move(cgroup)); }
  void cgroup_without_path(cgroup_id cgroup) override { unknown.push_back(cgroup); }
  void cgroup_gone(cgroup_id cgroup, uint64_t) override {
    order.push_back("gone");
    gone.push_back(cgroup);
  }
  void container_released(container_key container) override { released.push_back(container); }

  [[nodiscard]] std::vector<int> kinds(container_key container) const {
    std::vector<int> result;
    for (const auto& x : batches)
      if (x.container == container)
        for (auto kind : kinds_of(x.batch.records))
          result.push_back(kind);
    return result;
  }

  /// Where each move led that this container was told of.
  [[nodiscard]] std::vector<cgroup_id> move_targets(container_key container) const {
    std::vector<cgroup_id> result;
    for (const auto& x : batches)
      if (x.container == container)
        for (const auto& header : headers_of(x.batch.records))
          if (header.kind == EVENT_PROCESS_MOVED)
            result.push_back(header.cgroup_id);
    return result;
  }

  std::vector<sent> batches;
  std::vector<cgroup_found> created;
  std::vector<cgroup_id> unknown;
  std::vector<cgroup_id> gone;
  std::vector<container_key> released;
  std::vector<std::string> order;
};

struct routed {
  explicit routed(router_limits limits = {}) : under_test{limits, output} {}

  void take(const test_record& x) { under_test.take(x); }

  recording_output output;
  router under_test;
};

using kinds = std::vector<int>;

} // namespace

TEST_CASE("router: one batch a container, in the order of the events") {
  routed r;
  r.under_test.route(11, 1);
  r.under_test.route(12, 1); // Nested cgroups of one container.
  r.under_test.route(21, 2);
  r.take(forked(11));
  r.take(opened(21));
  r.take(opened(12));
  r.take(opened(11));
  r.under_test.flush();
  REQUIRE(r.output.batches.size() == 2);
  CHECK(r.output.kinds(1) == kinds{EVENT_PROCESS_FORKED, EVENT_TCP_OPENED, EVENT_TCP_OPENED});
  CHECK(r.output.kinds(2) == kinds{EVENT_TCP_OPENED});
  CHECK(r.output.batches[0].batch.count == 3);
  CHECK(r.output.batches[0].batch.first_time_ns > 0);
  CHECK(r.under_test.routes() == 3);
  r.under_test.flush();
  CHECK(r.output.batches.size() == 2);
}

TEST_CASE("router: a cgroup without a route waits, and what waited goes first") {
  routed r;
  r.take(created(11, "/docker/abc"));
  REQUIRE(r.output.created.size() == 1);
  CHECK(r.output.created[0].path == "/docker/abc");
  CHECK(r.output.created[0].created);
  r.take(forked(11));
  r.take(opened(11));
  r.under_test.flush();
  CHECK(r.output.batches.empty());
  r.under_test.ask_for_paths();
  CHECK(r.output.unknown.empty()); // Its path is known: the registry will answer.
  r.under_test.route(11, 1);
  r.take(exited(11));
  r.under_test.flush();
  CHECK(r.output.kinds(1) == kinds{EVENT_PROCESS_FORKED, EVENT_TCP_OPENED, EVENT_PROCESS_EXITED});
}

TEST_CASE("router: the path of a cgroup that was never created before us is asked for, once") {
  routed r;
  r.take(opened(11));
  r.take(opened(11));
  r.take(opened(12));
  r.under_test.route(12, 2);
  r.under_test.ask_for_paths();
  r.take(opened(11));
  r.under_test.ask_for_paths();
  CHECK(r.output.unknown == std::vector<cgroup_id>{11});
}

TEST_CASE("router: without credit it merges up to the bound, drops data only, and counts it") {
  router_limits limits;
  limits.credit_batches = 2;
  limits.pending_bytes_max = 10 * sizeof(tcp_connection);
  routed r{limits};
  r.under_test.route(11, 1);
  r.under_test.route(21, 2);
  for (int i = 0; i < 2; ++i) {
    r.take(opened(11));
    r.under_test.flush();
  }
  CHECK(r.output.batches.size() == 2); // The credit is used up.
  for (int i = 0; i < 100; ++i)
    r.take(opened(11));
  for (int i = 0; i < 100; ++i)
    r.take(forked(11, static_cast<uint32_t>(i + 1)));
  r.take(opened(21)); // Others go on.
  r.under_test.flush();
  CHECK(r.output.kinds(1).size() == 2);
  CHECK(r.output.kinds(2).size() == 1);
  r.under_test.grant(1, 1);
  r.under_test.flush();
  const auto& late = r.output.batches.back();
  CHECK(late.container == 1);
  CHECK(late.batch.count == 110);
  CHECK(late.batch.dropped == 90);
  const auto losses = r.under_test.losses();
  REQUIRE(losses.size() == 1);
  CHECK(losses[0].stage == "reader");
  CHECK(losses[0].reason == "no_credit");
  CHECK(losses[0].kind == "tcp_opened");
  CHECK(losses[0].count == 90);
}

TEST_CASE("router: a cgroup without a route is bounded too") {
  router_limits limits;
  limits.pending_bytes_max = 10 * sizeof(tcp_connection);
  routed r{limits};
  for (int i = 0; i < 100; ++i)
    r.take(opened(11));
  CHECK(r.under_test.losses().at(0).reason == "no_route");
  CHECK(r.under_test.losses().at(0).count == 90);
  r.under_test.route(11, 1);
  r.under_test.flush();
  CHECK(r.output.batches.at(0).batch.count == 10);
  CHECK(r.output.batches.at(0).batch.dropped == 90);
}

TEST_CASE("router: a batch that is large goes at once while there is credit") {
  router_limits limits;
  limits.batch_bytes = 4 * sizeof(tcp_connection);
  routed r{limits};
  r.under_test.route(11, 1);
  for (int i = 0; i < 10; ++i)
    r.take(opened(11));
  CHECK(r.output.batches.size() == 2);
  r.under_test.flush();
  CHECK(r.output.kinds(1).size() == 10);
}

TEST_CASE("router: a new route sends the old container its rest first, also without credit") {
  router_limits limits;
  limits.credit_batches = 0;
  routed r{limits};
  r.under_test.route(11, 1);
  r.take(opened(11));
  r.under_test.route(11, 2);
  CHECK(r.output.kinds(1).size() == 1);
  CHECK(r.output.released == std::vector<container_key>{1});
  r.take(opened(11));
  r.under_test.renew_credit(2);
  CHECK(r.under_test.routes() == 1);
}

TEST_CASE("router: a removed cgroup's rest reaches its container before the registry hears") {
  router_limits limits;
  limits.credit_batches = 0;
  routed r{limits};
  r.under_test.route(11, 1);
  r.take(exited(11));
  r.take(removed(11));
  CHECK(r.output.order == std::vector<std::string>{"batch", "gone"});
  // Closes come later than rmdir: the route lives on.
  r.take(opened(11));
  r.under_test.unroute(11);
  CHECK(r.output.kinds(1) == kinds{EVENT_PROCESS_EXITED, EVENT_TCP_OPENED});
  CHECK(r.output.released == std::vector<container_key>{1});
  CHECK(r.under_test.routes() == 0);
}

TEST_CASE("router: an ignored cgroup's events and its waiting ones are gone") {
  routed r;
  r.take(opened(11));
  r.under_test.ignore(11);
  r.take(opened(11));
  r.take(forked(11));
  r.under_test.flush();
  r.under_test.ask_for_paths();
  CHECK(r.output.batches.empty());
  CHECK(r.output.unknown.empty());
  CHECK(r.under_test.ignored() == 1);
  CHECK(r.under_test.processes() == 0);
  r.under_test.unroute(11);
  CHECK(r.under_test.ignored() == 0);
}

TEST_CASE("router: a move is told to both containers, and to one that loses a process to nobody") {
  routed r;
  r.under_test.route(11, 1);
  r.under_test.route(12, 1);
  r.under_test.route(21, 2);
  r.under_test.ignore(31);
  r.take(forked(11));
  r.take(moved(12)); // Within the container: once.
  r.take(moved(21));
  r.take(moved(31));
  r.take(moved(11)); // From where nobody looked.
  r.under_test.flush();
  CHECK(r.output.kinds(1)
        == kinds{EVENT_PROCESS_FORKED, EVENT_PROCESS_MOVED, EVENT_PROCESS_MOVED,
                 EVENT_PROCESS_MOVED});
  CHECK(r.output.kinds(2) == kinds{EVENT_PROCESS_MOVED, EVENT_PROCESS_MOVED});
  CHECK(r.output.move_targets(1) == std::vector<cgroup_id>{12, 0, 11});
  CHECK(r.output.move_targets(2) == std::vector<cgroup_id>{21, 0});
}

TEST_CASE("router: an exit is told to the container in which the process is known") {
  routed r;
  r.under_test.route(11, 1);
  r.under_test.route(21, 2);
  r.under_test.ignore(31);
  r.take(moved(21, 100));
  r.take(exited(11, 100)); // The last thread was not moved: it was on its way out.
  r.take(moved(21, 101));
  r.take(exited(31, 101));
  r.take(exited(31, 102)); // Known to nobody.
  r.take(exited(11, 103));
  r.under_test.flush();
  CHECK(r.output.kinds(1) == kinds{EVENT_PROCESS_EXITED});
  CHECK(r.output.kinds(2)
        == kinds{EVENT_PROCESS_MOVED, EVENT_PROCESS_EXITED, EVENT_PROCESS_MOVED,
                 EVENT_PROCESS_EXITED});
  CHECK(r.under_test.processes() == 0);
}

TEST_CASE("router: a walk makes up for what was lost") {
  routed r;
  r.under_test.route(11, 1);
  r.under_test.route(21, 2);
  r.take(forked(11, 100));
  r.take(forked(11, 101));
  r.take(forked(11, 102));
  r.under_test.flush();
  r.output.batches.clear();
  r.under_test.begin_walk();
  r.take(found(11, 100));            // Known.
  r.take(found(21, 101));            // Its move was lost.
  r.take(found(21, 200));            // Its fork was lost.
  r.under_test.end_walk(5000, 6000); // 102: its exit was lost.
  r.under_test.flush();
  CHECK(r.output.kinds(1) == kinds{EVENT_PROCESS_MOVED, EVENT_PROCESS_EXITED});
  CHECK(r.output.kinds(2) == kinds{EVENT_PROCESS_MOVED, EVENT_PROCESS_FOUND});
}

TEST_CASE("router: a container started anew has its credit back") {
  router_limits limits;
  limits.credit_batches = 1;
  routed r{limits};
  r.under_test.route(11, 1);
  r.take(opened(11));
  r.under_test.flush();
  r.take(opened(11));
  r.under_test.flush();
  CHECK(r.output.batches.size() == 1);
  r.under_test.renew_credit(1);
  r.under_test.flush();
  CHECK(r.output.batches.size() == 2);
}

TEST_CASE("router: slots are used again without mixing containers up") {
  routed r;
  for (uint32_t i = 1; i <= 1000; ++i) {
    r.under_test.route(i, i);
    r.take(opened(i));
    if (i % 3 == 0)
      r.under_test.flush();
    r.under_test.unroute(i);
  }
  r.under_test.flush();
  std::map<container_key, size_t> counts;
  for (const auto& x : r.output.batches)
    for (size_t n = 0; n < x.batch.count; ++n)
      ++counts[x.container];
  CHECK(counts.size() == 1000);
  CHECK(std::all_of(counts.begin(), counts.end(), [](const auto& x) { return x.second == 1; }));
  CHECK(r.output.released.size() == 1000);
}

TEST_CASE("router: records that cannot be are passed over") {
  routed r;
  auto strange = opened(11);
  strange.header().kind = 999;
  r.take(strange);
  auto short_path = created(11, "/x");
  reinterpret_cast<cgroup_event*>(short_path.bytes.data())->path_size = 200;
  r.take(short_path);
  r.take(opened(0));
  r.under_test.flush();
  CHECK(r.output.batches.empty());
  CHECK(r.output.created.empty());
}

TEST_CASE("router: a found process that a recording cut or stretched makes no move") {
  for (const size_t size : {sizeof(event_header), sizeof(process_found) + 64}) {
    routed r;
    r.under_test.route(11, 1);
    r.under_test.route(12, 2);
    r.take(forked(11));
    auto strange = found(12);
    strange.header().size = static_cast<__u16>(size);
    r.take(strange);
    r.under_test.flush();
    CHECK(r.output.kinds(1) == kinds{EVENT_PROCESS_FORKED});
    CHECK(r.output.kinds(2).empty());
  }
}
