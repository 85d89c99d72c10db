// SPDX-License-Identifier: Apache-2.0
// What runtimes leave on disk, where they do not answer.
#include "actors/runtime_metadata/metadata_book.hpp"

#include "tests/runtime_metadata/stories.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr size_t docker = 0;
constexpr size_t containerd = 1;

// A book with a docker, and with what is on disk beside it.
struct bundle_story {
  static constexpr size_t bundles = 1;
  metadata_book book{{{runtime_kind::docker, "/docker.sock"}, {runtime_kind::unknown, ""}}};
  metadata_book::time_point now{1h};

  bundle_story() {
    book.opened(bundles, "", now);
    now += 300ms;
  }
  size_t asked(size_t endpoint) { return book.take_lookups(endpoint, 8, now).size(); }
  void answer(size_t endpoint, const std::string& name) {
    book.looked_up(endpoint, {"a1", ""}, docker_answer("a1", name), 1ms, now);
  }
};

} // namespace

TEST_CASE_FIXTURE(bundle_story, "metadata book: what is on disk counts once no runtime answers") {
  book.want(1, docker_cgroup("a1"), now);
  CHECK(asked(bundles) == 0); // docker was not heard yet.
  book.lost(docker, {ec::runtime_timeout, "hangs"}, now);
  CHECK(asked(bundles) == 1);
  answer(bundles, "from-disk");
  auto updates = book.take_updates();
  REQUIRE(updates.size() == 1);
  CHECK(updates[0].metadata.name == "from-disk");
  // docker is back, and knows better.
  book.opened(docker, "1.0", now);
  book.listed(docker, {docker_answer("a1", "web")}, now, now);
  updates = book.take_updates();
  REQUIRE(updates.size() == 1);
  CHECK(updates[0].metadata.name == "web");
}

TEST_CASE_FIXTURE(bundle_story, "metadata book: while a runtime answers the disk is not read") {
  book.opened(docker, "1.0", now);
  now += 300ms;
  book.want(1, docker_cgroup("a1"), now);
  CHECK(asked(docker) == 1);
  CHECK(asked(bundles) == 0);
  SUBCASE("it knows the container") {
    answer(docker, "web");
    CHECK(asked(bundles) == 0);
  }
  SUBCASE("it does not: another runtime's, without a socket") {
    book.looked_up(docker, {"a1", ""}, call_error{ec::unknown_container, "?"}, 1ms, now);
    CHECK(asked(bundles) == 1);
  }
  SUBCASE("it goes away before it answers") {
    book.lost(docker, {ec::runtime_unreachable, "gone"}, now);
    CHECK(asked(bundles) == 1);
  }
}

TEST_CASE("metadata book: without docker, containerd has its containers and the disk their names") {
  metadata_book book{{{runtime_kind::docker, "/docker.sock"},
                      {runtime_kind::containerd, "/containerd.sock"},
                      {runtime_kind::unknown, ""}}};
  constexpr size_t disk = 2;
  const metadata_book::time_point begin{1h};
  book.lost(docker, {ec::runtime_absent, "none"}, begin);
  book.opened(containerd, "1.0", begin);
  book.opened(disk, "", begin);
  const auto now = begin + 300ms;
  const auto from_disk = [&] {
    REQUIRE(book.take_lookups(disk, 8, now).size() == 1);
    book.looked_up(disk, {"a1", ""}, docker_answer("a1", "web"), 1ms, now);
  };
  const auto from_containerd = [&] {
    REQUIRE(book.take_lookups(containerd, 8, now).size() == 1);
    book.looked_up(containerd, {"a1", ""}, containerd_answer("a1", "moby"), 1ms, now);
  };
  SUBCASE("containerd tells of it before its cgroup is there") {
    book.listed(containerd, {containerd_answer("a1", "moby")}, now, now);
    book.want(1, docker_cgroup("a1"), now);
    from_disk();
  }
  SUBCASE("containerd answers first") {
    book.want(1, docker_cgroup("a1"), now);
    from_containerd();
    from_disk();
  }
  SUBCASE("containerd answers last") {
    book.want(1, docker_cgroup("a1"), now);
    const auto asked = book.take_lookups(containerd, 8, now);
    REQUIRE(asked.size() == 1);
    from_disk();
    book.looked_up(containerd, asked[0], containerd_answer("a1", "moby"), 1ms, now);
  }
  const auto updates = book.take_updates();
  REQUIRE_FALSE(updates.empty());
  CHECK(updates.back().metadata.name == "web");
}

TEST_CASE_FIXTURE(bundle_story,
                  "metadata book: what only the disk knew is forgotten with its want") {
  book.lost(docker, {ec::runtime_absent, "none"}, now);
  book.want(1, docker_cgroup("a1"), now);
  CHECK(asked(bundles) == 1);
  answer(bundles, "from-disk");
  CHECK(book.take_updates().size() == 1);
  CHECK(book.observe(now).size() == 1);
  book.forget(1);
  CHECK(book.observe(now).empty());
}

TEST_CASE_FIXTURE(bundle_story, "metadata book: the disk is asked again: a monitor may be late") {
  book.lost(docker, {ec::runtime_absent, "none"}, now);
  book.want(1, docker_cgroup("a1"), now);
  CHECK(asked(bundles) == 1);
  book.looked_up(bundles, {"a1", ""}, call_error{ec::unknown_container, "?"}, 1ms, now);
  CHECK(asked(bundles) == 0);
  now += 500ms;
  CHECK(asked(bundles) == 1);
}

TEST_CASE_FIXTURE(bundle_story, "metadata book: the disk is no runtime that anybody can start") {
  CHECK(book.statuses().size() == 2);
  REQUIRE(book.runtime_statuses().size() == 1);
  CHECK(book.runtime_statuses()[0].endpoint.kind == runtime_kind::docker);
}
