// SPDX-License-Identifier: Apache-2.0

// An actor that throws is started again, and whoever is not built on it does not notice.

#include "tests/supervisor/supervised_world.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct throwing_world : supervised_world {
  std::map<std::string, caf::actor> before;

  throwing_world() {
    start_top();
    before = children;
  }

  /// The child throws at this message: it and what is built on it are started once more.
  template <class Message>
  void check(const std::string& child, const Message& message,
             const std::set<std::string>& built_on_it = {}) {
    make_throw(child, message);
    CHECK(ended(before.at(child)));
    CHECK(started(child) == 1);
    advance(100ms);
    for (const auto& [name, handle] : before) {
      CAPTURE(name);
      const bool again = name == child || built_on_it.contains(name);
      CHECK(ended(handle) == again);
      CHECK(started(name) == (again ? 2 : 1));
      CHECK(restarts(name) == (again ? 1 : 0));
      CHECK_FALSE(ended(children.at(name)));
    }
    CHECK(status().ready);
    CHECK_FALSE(ended(top));
  }
};

} // namespace

TEST_CASE_FIXTURE(throwing_world, "throw: host") {
  check("host", get_node_info{});
}

TEST_CASE_FIXTURE(throwing_world, "throw: runtime_metadata") {
  check("runtime_metadata", list_all{});
}

TEST_CASE_FIXTURE(throwing_world, "throw: registry, and with it who has its routes and its ticks") {
  check("registry", tick{}, {"bpf_reader", "gc_ticker"});
}

TEST_CASE_FIXTURE(throwing_world, "throw: bpf_reader") {
  check("bpf_reader", tick{});
}

TEST_CASE_FIXTURE(throwing_world, "throw: gc_ticker") {
  check("gc_ticker", tick{});
}

TEST_CASE_FIXTURE(throwing_world, "throw: exporter") {
  check("exporter", scrape{});
}
