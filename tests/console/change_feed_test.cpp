// SPDX-License-Identifier: Apache-2.0
#include "actors/console/change_feed.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;
using enum runtime_event_kind;

namespace {

struct feed_test {
  change_feed feed;
  change_feed::time_point now{1h};

  static container_change change(runtime_event_kind kind, container_state state,
                                 bool complete = true) {
    container_change result;
    result.kind = kind;
    result.metadata.runtime = runtime_kind::docker;
    result.metadata.id = "a1";
    result.metadata.name = "web";
    result.metadata.state = state;
    result.named = true;
    result.complete = complete;
    return result;
  }

  static std::vector<std::string> texts(const std::vector<list_change>& changes) {
    std::vector<std::string> result;
    for (const auto& x : changes)
      result.push_back(x.change + " " + x.row.identity.container_id);
    return result;
  }

  std::vector<std::string> take(const container_change& x) { return texts(feed.take(x, now)); }
  std::vector<std::string> take(runtime_event_kind kind, container_state state,
                                bool complete = true) {
    return take(change(kind, state, complete));
  }
};

using lines = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(feed_test, "change feed: the life of a container") {
  constexpr auto running = container_state::running;
  CHECK(take(created, container_state::created) == lines{"created /docker/web"});
  CHECK(take(started, running) == lines{"running /docker/web"});
  CHECK(take(started, running).empty()); // Told already.
  CHECK(take(runtime_event_kind::paused, container_state::paused) == lines{"paused /docker/web"});
  CHECK(take(resumed, running) == lines{"running /docker/web"});
  auto renamed_to = change(renamed, running);
  renamed_to.metadata.name = "api";
  CHECK(take(renamed_to) == lines{"renamed /docker/api"});
  renamed_to.metadata.labels["a"] = "b";
  CHECK(take(renamed_to) == lines{"changed /docker/api"});
  renamed_to.metadata.state = container_state::exited;
  CHECK(take(renamed_to) == lines{"exited /docker/api"});
  renamed_to.kind = removed;
  CHECK(take(renamed_to) == lines{"removed /docker/api"});
  CHECK(take(renamed_to).empty());
}

TEST_CASE_FIXTURE(feed_test, "change feed: what is not known in full is held back for a moment") {
  CHECK(take(listed, container_state::running, false).empty());
  SUBCASE("and comes in full") {
    CHECK(take(listed, container_state::running) == lines{"running /docker/web"});
  }
  SUBCASE("or as it is, if the runtime does not say more") {
    now += change_feed::patience - 1ms;
    CHECK(feed.take_overdue(now).empty());
    now += 1ms;
    CHECK(texts(feed.take_overdue(now)) == lines{"running /docker/web"});
    CHECK(feed.take_overdue(now + 1h).empty());
  }
  SUBCASE("or as it was, once it has changed again: no state is left out") {
    CHECK(take(exited, container_state::exited)
          == lines{"running /docker/web", "exited /docker/web"});
  }
  SUBCASE("or as it was, before it is removed") {
    CHECK(take(removed, container_state::exited, false)
          == lines{"running /docker/web", "removed /docker/web"});
  }
}

TEST_CASE_FIXTURE(feed_test, "change feed: nobody sees a container without a name, or a sandbox") {
  auto x = change(listed, container_state::running);
  x.named = false;
  CHECK(take(x).empty());
  x.named = x.metadata.sandbox = true;
  CHECK(take(x).empty());
  x.metadata.oci_runtime = "io.containerd.runsc.v1"; // All of the pod is in it.
  CHECK(take(x) == lines{"running /docker/web"});
}

TEST_CASE_FIXTURE(feed_test, "change feed: containers known by their cgroup come and go by walks") {
  list_row row;
  row.identity.container_id = "/lxc/web";
  row.metadata.runtime = runtime_kind::lxc;
  row.metadata.id = "web";
  row.metadata.state = container_state::running;
  CHECK(texts(feed.take_walk({row})) == lines{"running /lxc/web"});
  CHECK(feed.take_walk({row}).empty());
  CHECK(texts(feed.take_walk({})) == lines{"removed /lxc/web"});
}
