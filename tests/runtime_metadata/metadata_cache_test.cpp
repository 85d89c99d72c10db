// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/metadata_cache.hpp"

#include "tests/runtime_metadata/stories.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;
using enum runtime_event_kind;

namespace {

const metadata_cache::time_point start{1h};

const cached_container& only(const metadata_cache& cache, const std::string& id) {
  const auto found = cache.find({id, ""});
  REQUIRE(found.size() == 1);
  return *found.front();
}

} // namespace

TEST_CASE("metadata cache: docker's events alone tell a short life, name and labels included") {
  metadata_cache cache;
  auto born = docker_event(created, "a1", "web");
  born.metadata.labels["app"] = "shop";
  cache.apply(0, born, start);
  CHECK(only(cache, "a1").named);
  CHECK_FALSE(only(cache, "a1").complete);
  cache.apply(0, docker_event(started, "a1", "web"), start);
  CHECK(only(cache, "a1").metadata.state == container_state::running);
  auto died = docker_event(exited, "a1", "web");
  died.metadata.exit_code = 3;
  cache.apply(0, died, start);
  cache.apply(0, docker_event(removed, "a1", "web"), start);
  const auto& web = only(cache, "a1");
  CHECK(web.removed);
  CHECK(web.complete); // There is nobody left to ask.
  CHECK(web.metadata.state == container_state::exited);
  CHECK(web.metadata.exit_code == 3);
  CHECK(web.metadata.started_ns == 1000);
  CHECK(web.metadata.labels.at("app") == "shop");
}

TEST_CASE("metadata cache: pause, resume, rename and oom change what they say") {
  metadata_cache cache;
  cache.put(0, docker_answer("a1", "web"), start);
  cache.apply(0, docker_event(paused, "a1", "web"), start);
  CHECK(only(cache, "a1").metadata.state == container_state::paused);
  CHECK(only(cache, "a1").metadata.pid == 100);
  cache.apply(0, docker_event(resumed, "a1", "web"), start);
  CHECK(only(cache, "a1").metadata.state == container_state::running);
  cache.apply(0, docker_event(renamed, "a1", "shop"), start);
  CHECK(only(cache, "a1").metadata.name == "shop");
  cache.apply(0, docker_event(oom_killed, "a1", "shop"), start);
  CHECK(only(cache, "a1").metadata.oom_killed);
  CHECK(only(cache, "a1").complete);
}

TEST_CASE("metadata cache: a version changes with what can be shown, and only then") {
  metadata_cache cache;
  cache.put(0, docker_answer("a1", "web"), start);
  const auto version = only(cache, "a1").version;
  cache.put(0, docker_answer("a1", "web"), start + 1s);
  cache.apply(0, docker_event(resumed, "a1", "web"), start);
  CHECK(only(cache, "a1").version == version);
  cache.apply(0, docker_event(paused, "a1", "web"), start);
  CHECK(only(cache, "a1").version > version);
}

TEST_CASE("metadata cache: a list does not erase what only a lookup tells") {
  metadata_cache cache;
  auto full = docker_answer("a1", "web");
  full.metadata.restarts = 2;
  cache.put(0, full, start);
  cache.put(0, incomplete(docker_answer("a1", "shop")), start);
  CHECK(only(cache, "a1").metadata.restarts == 2);
  CHECK(only(cache, "a1").metadata.pid == 100);
  CHECK(only(cache, "a1").metadata.name == "shop");
  CHECK(only(cache, "a1").complete);
  cache.put(0, incomplete(docker_answer("a1", "shop", container_state::exited)), start);
  CHECK_FALSE(only(cache, "a1").complete); // Its exit code is yet to be asked for.
  CHECK(only(cache, "a1").metadata.pid == 0);
}

TEST_CASE("metadata cache: a start leaves docker's pid to be looked up, containerd tells it") {
  metadata_cache cache;
  cache.put(0, docker_answer("a1", "web", container_state::exited), start);
  cache.apply(0, docker_event(started, "a1", "web"), start);
  CHECK_FALSE(only(cache, "a1").complete);
  CHECK(only(cache, "a1").metadata.pid == 0);
  cache.put(1, containerd_answer("c1", "default", container_state::created), start);
  auto event = containerd_event(started, "c1", "default");
  event.metadata.pid = 77;
  cache.apply(1, event, start);
  CHECK(only(cache, "c1").complete);
  CHECK(only(cache, "c1").metadata.pid == 77);
}

TEST_CASE("metadata cache: a label called exitCode makes docker's event untrustworthy") {
  metadata_cache cache;
  auto web = docker_answer("a1", "web");
  web.metadata.labels["exitCode"] = "0";
  cache.put(0, web, start);
  auto died = docker_event(exited, "a1", "web");
  died.metadata.exit_code = 0; // That is the label.
  cache.apply(0, died, start);
  CHECK_FALSE(only(cache, "a1").metadata.exit_code);
  CHECK_FALSE(only(cache, "a1").complete);
}

TEST_CASE("metadata cache: containerd forgets an exit with the task, we do not") {
  metadata_cache cache;
  cache.put(0, containerd_answer("c1", "default"), start);
  auto died = containerd_event(exited, "c1", "default");
  died.metadata.exit_code = 137;
  cache.apply(0, died, start);
  cache.put(0, containerd_answer("c1", "default", container_state::created), start);
  CHECK(only(cache, "c1").metadata.state == container_state::exited);
  CHECK(only(cache, "c1").metadata.exit_code == 137);
}

TEST_CASE("metadata cache: what comes after the end is an echo, unless the id is used again") {
  metadata_cache cache;
  auto first = containerd_answer("web", "default");
  first.metadata.labels["old"] = "yes";
  cache.put(0, first, start);
  cache.apply(0, containerd_event(removed, "web", "default"), start);
  cache.apply(0, containerd_event(started, "web", "default"), start);
  CHECK(only(cache, "web").removed);
  CHECK(only(cache, "web").metadata.state == container_state::exited);
  cache.apply(0, containerd_event(created, "web", "default"), start);
  CHECK_FALSE(only(cache, "web").removed);
  CHECK_FALSE(only(cache, "web").named);
  CHECK(only(cache, "web").metadata.labels.empty());
}

TEST_CASE("metadata cache: the same id in two namespaces is two containers") {
  metadata_cache cache;
  cache.put(0, containerd_answer("web", "default"), start);
  cache.put(0, containerd_answer("web", "other"), start);
  CHECK(cache.find({"web", ""}).size() == 2);
  REQUIRE(cache.find({"web", "other"}).size() == 1);
  CHECK(cache.find({"web", "other"})[0]->metadata.name_space == "other");
  CHECK(cache.remove(0, {"web", "other"}));
  CHECK_FALSE(cache.find({"web", "default"})[0]->removed);
  CHECK_FALSE(cache.remove(0, {"nobody", ""}));
}

TEST_CASE("metadata cache: what a list does not have is removed, but nothing newer than the list") {
  metadata_cache cache;
  cache.put(0, docker_answer("a1", "stays"), start);
  cache.put(0, docker_answer("a2", "goes"), start);
  cache.put(1, docker_answer("a3", "elsewhere"), start);
  cache.put(0, docker_answer("a4", "newer"), start + 2s);
  CHECK(cache.remove_unlisted(0, {docker_answer("a1", "stays")}, start + 1s)
        == std::vector{container_query{"a2", ""}});
  CHECK(only(cache, "a2").removed);
  CHECK_FALSE(only(cache, "a3").removed);
  CHECK_FALSE(only(cache, "a4").removed);
}

TEST_CASE("metadata cache: the dead are remembered a while, not for ever") {
  metadata_cache cache;
  for (int i = 0; i < 3000; ++i) {
    const auto id = "c" + std::to_string(i);
    cache.apply(0, docker_event(created, id, id), start);
    cache.apply(0, docker_event(removed, id, id), start);
  }
  CHECK(cache.size() == 1024);
  CHECK(cache.find({"c2999", ""}).size() == 1);
  CHECK(cache.find({"c0", ""}).empty());
}

TEST_CASE("metadata cache: a runtime cannot fill the memory") {
  metadata_cache cache;
  for (int i = 0; i < 100'000; ++i)
    cache.put(0, docker_answer("c" + std::to_string(i), "x"), start);
  CHECK(cache.size() == 32768);
  CHECK(cache.put(0, docker_answer("one more", "x"), start) == nullptr);
}

TEST_CASE("metadata cache: a pod that an event or a list names stays known") {
  metadata_cache cache;
  auto event = docker_event(created, "a1", "app");
  event.metadata.runtime = runtime_kind::podman;
  event.named = false; // Its pod is new.
  cache.apply(0, event, start);
  CHECK_FALSE(only(cache, "a1").named);
  event.kind = started;
  event.named = true;
  event.metadata.pod = "shop";
  event.metadata.sandbox_id = "i1";
  cache.apply(0, event, start);
  CHECK(only(cache, "a1").metadata.pod == "shop");
  CHECK(only(cache, "a1").metadata.sandbox_id == "i1");
  auto listed = incomplete(docker_answer("b2", "web"));
  listed.metadata.pod = "blog";
  cache.put(0, listed, start);
  CHECK(only(cache, "b2").metadata.pod == "blog");
}

TEST_CASE("metadata cache: a kill for want of memory outlives an answer from before it, but not a "
          "restart") {
  metadata_cache cache;
  auto answer = docker_answer("a1", "web");
  answer.metadata.started_ns = 5'000'000'000;
  cache.put(0, answer, start);
  cache.apply(0, docker_event(runtime_event_kind::oom_killed, "a1", "web"), start);
  cache.put(0, answer, start);
  CHECK(only(cache, "a1").metadata.oom_killed);
  answer.metadata.started_ns = 60'000'000'000;
  cache.put(0, answer, start);
  CHECK_FALSE(only(cache, "a1").metadata.oom_killed);
}
