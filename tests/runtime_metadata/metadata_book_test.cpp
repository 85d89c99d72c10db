// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/metadata_book.hpp"

#include "tests/runtime_metadata/stories.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;
using enum runtime_event_kind;

namespace {

constexpr size_t docker = 0;
constexpr size_t containerd = 1;

// A book with a docker and a containerd, and a clock that the test moves.
struct story {
  metadata_book book{
      {{runtime_kind::docker, "/docker.sock"}, {runtime_kind::containerd, "/containerd.sock"}}};
  metadata_book::time_point now{1h};

  void open(size_t endpoint) {
    book.opened(endpoint, "1.0", now);
    now += 300ms; // The list had its chance.
  }
  void open_both() {
    open(docker);
    open(containerd);
  }
  std::vector<container_query> lookups(size_t endpoint) {
    return book.take_lookups(endpoint, 8, now);
  }
  void found(size_t endpoint, const container_query& query, const container_answer& answer) {
    book.looked_up(endpoint, query, answer, 1ms, now);
  }
  void failed(size_t endpoint, const container_query& query, ec code) {
    book.looked_up(endpoint, query, call_error{code, "test"}, 1ms, now);
  }
  void happens(size_t endpoint, const runtime_event& event) { book.happened(endpoint, event, now); }
  metadata_update only_update() {
    auto updates = book.take_updates();
    REQUIRE(updates.size() == 1);
    return updates.front();
  }
  bool quiet() { return book.take_updates().empty(); }
};

} // namespace

TEST_CASE_FIXTURE(story, "metadata book: a question goes to the runtime that the cgroup names") {
  open_both();
  book.want(1, docker_cgroup("a1"), now);
  CHECK(lookups(docker) == std::vector{container_query{"a1", ""}});
  CHECK(lookups(containerd).empty());
  book.want(2, containerd_cgroup("c1", "default"), now);
  CHECK(lookups(docker).empty());
  CHECK(lookups(containerd) == std::vector{container_query{"c1", "default"}});
  book.want(3, kubernetes_cgroup("k1"), now);
  CHECK(lookups(docker).size() == 1);
  CHECK(lookups(containerd).size() == 1);
  book.want(4, {cgroup_kind::container, runtime_kind::podman, "p1", "", ""}, now);
  CHECK(lookups(docker).empty());
  CHECK(lookups(containerd).empty());
}

TEST_CASE_FIXTURE(story, "metadata book: an answer ends the question at every endpoint") {
  open_both();
  book.want(1, kubernetes_cgroup("k1"), now);
  CHECK(lookups(docker).size() == 1);
  CHECK(lookups(containerd).size() == 1);
  failed(docker, {"k1", ""}, ec::unknown_container);
  CHECK(quiet());
  found(containerd, {"k1", ""}, containerd_answer("k1", "k8s.io"));
  const auto update = only_update();
  CHECK(update.key == 1);
  CHECK(update.metadata.name_space == "k8s.io");
  now += 1h;
  CHECK(lookups(docker).empty());
  CHECK(lookups(containerd).empty());
  CHECK_FALSE(book.next_due());
  CHECK(book.status(docker).lookups_unknown == 1);
  CHECK(book.status(containerd).lookups_ok == 1);
}

TEST_CASE_FIXTURE(story, "metadata book: an event that names a container answers at once, a lookup "
                         "completes it") {
  open_both();
  book.want(1, docker_cgroup("a1"), now);
  happens(docker, docker_event(created, "a1", "web"));
  CHECK(only_update().metadata.name == "web");
  CHECK(lookups(docker).size() == 1);
  found(docker, {"a1", ""}, docker_answer("a1", "web"));
  CHECK(only_update().metadata.pid == 100);
  CHECK_FALSE(book.next_due());
}

TEST_CASE_FIXTURE(story, "metadata book: who was gone before anybody asked is still named") {
  open_both();
  happens(docker, docker_event(created, "a1", "short"));
  happens(docker, docker_event(started, "a1", "short"));
  happens(docker, docker_event(exited, "a1", "short"));
  happens(docker, docker_event(removed, "a1", "short"));
  CHECK(lookups(docker).empty()); // Nobody wants it, and its event says who it is.
  book.want(1, docker_cgroup("a1"), now);
  const auto update = only_update();
  CHECK(update.metadata.name == "short");
  CHECK(update.removed);
  CHECK(lookups(docker).empty());
}

TEST_CASE_FIXTURE(story,
                  "metadata book: containerd's containers are looked up at birth, since they "
                  "may be gone when their cgroup is reported") {
  open_both();
  happens(containerd, containerd_event(created, "c1", "default"));
  CHECK(lookups(containerd) == std::vector{container_query{"c1", "default"}});
  auto answer = containerd_answer("c1", "default", container_state::created);
  answer.metadata.labels["team"] = "a";
  found(containerd, {"c1", "default"}, answer);
  happens(containerd, containerd_event(started, "c1", "default"));
  happens(containerd, containerd_event(exited, "c1", "default"));
  happens(containerd, containerd_event(removed, "c1", "default"));
  book.want(1, containerd_cgroup("c1", "default"), now);
  CHECK(only_update().metadata.labels.at("team") == "a");
}

TEST_CASE_FIXTURE(story, "metadata book: changes are told, repetitions are not") {
  open_both();
  book.want(1, docker_cgroup("a1"), now);
  CHECK(lookups(docker).size() == 1);
  found(docker, {"a1", ""}, docker_answer("a1", "web"));
  CHECK(only_update().metadata.name == "web");
  happens(docker, docker_event(renamed, "a1", "shop"));
  CHECK(only_update().metadata.name == "shop");
  happens(docker, docker_event(paused, "a1", "shop"));
  CHECK(only_update().metadata.state == container_state::paused);
  happens(docker, docker_event(paused, "a1", "shop"));
  CHECK(quiet());
  happens(docker, docker_event(updated, "a1", "shop"));
  CHECK(quiet());
  CHECK(lookups(docker).size() == 1); // What was updated, only a lookup tells.
  auto died = docker_event(exited, "a1", "shop");
  died.metadata.exit_code = 1;
  happens(docker, died);
  CHECK(only_update().metadata.exit_code == 1);
  happens(docker, docker_event(removed, "a1", "shop"));
  CHECK(only_update().removed);
}

TEST_CASE_FIXTURE(story, "metadata book: an answer that an event overtook is not believed") {
  open_both();
  book.want(1, docker_cgroup("a1"), now);
  CHECK(lookups(docker).size() == 1);
  auto died = docker_event(exited, "a1", "web");
  died.metadata.exit_code = 1;
  happens(docker, died);
  CHECK(only_update().metadata.state == container_state::exited);
  found(docker, {"a1", ""}, docker_answer("a1", "web")); // It was running when it was asked.
  for (const auto& update : book.take_updates())
    CHECK(update.metadata.state == container_state::exited);
  CHECK(lookups(docker).size() == 1); // So it is asked again.
  happens(docker, docker_event(removed, "a1", "web"));
  found(docker, {"a1", ""}, docker_answer("a1", "web"));
  CHECK(book.take_updates().back().removed);
}

TEST_CASE_FIXTURE(story, "metadata book: nothing is asked while a runtime is silent, all is "
                         "answered when it is back") {
  book.lost(docker, {ec::runtime_unreachable, "cannot connect"}, now);
  book.want(1, docker_cgroup("a1"), now);
  now += 1h;
  CHECK(lookups(docker).empty());
  CHECK_FALSE(book.next_due());
  CHECK(book.status(docker).message == "cannot connect");
  CHECK(book.status(docker).present);
  book.opened(docker, "20.10", now);
  CHECK(lookups(docker).empty()); // The list comes first.
  book.listed(docker, {incomplete(docker_answer("a1", "web"))}, now, now);
  CHECK(only_update().metadata.name == "web");
  CHECK(lookups(docker).size() == 1); // What the list did not say.
  CHECK(book.status(docker).answering);
  CHECK(book.status(docker).version == "20.10");
}

TEST_CASE_FIXTURE(story, "metadata book: where lists fail, questions are asked one by one") {
  book.want(1, docker_cgroup("a1"), now);
  book.opened(docker, "20.10", now);
  CHECK(book.next_due() == now + 250ms);
  now += 250ms;
  CHECK(lookups(docker).size() == 1);
}

TEST_CASE_FIXTURE(story,
                  "metadata book: a runtime that has no event stream is asked all the same") {
  book.want(1, docker_cgroup("a1"), now);
  book.lost(docker, {ec::runtime_garbage, "HTTP 500"}, now);
  CHECK(lookups(docker).size() == 1);
}

TEST_CASE_FIXTURE(story, "metadata book: a resync finds what was removed meanwhile") {
  open_both();
  book.listed(docker, {docker_answer("a1", "web"), docker_answer("a2", "db")}, now, now);
  book.want(1, docker_cgroup("a1"), now);
  book.want(2, docker_cgroup("a2"), now);
  CHECK(book.take_updates().size() == 2);
  book.lost(docker, {ec::runtime_unreachable, "gone"}, now);
  now += 10s;
  book.opened(docker, "20.10", now);
  book.listed(docker, {docker_answer("a1", "web")}, now, now);
  const auto update = only_update();
  CHECK(update.key == 2);
  CHECK(update.removed);
}

TEST_CASE_FIXTURE(story,
                  "metadata book: an unknown container is asked for as long as it is wanted") {
  open_both();
  book.want(1, docker_cgroup("a1"), now);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(lookups(docker).size() == 1);
    failed(docker, {"a1", ""}, i % 2 == 0 ? ec::unknown_container : ec::runtime_timeout);
    now += 10s;
  }
  book.forget(1);
  CHECK(lookups(docker).empty());
  CHECK_FALSE(book.next_due());
}

TEST_CASE_FIXTURE(story, "metadata book: two who want one container share its lookup") {
  open_both();
  book.want(1, docker_cgroup("a1"), now);
  book.want(2, docker_cgroup("a1"), now);
  CHECK(lookups(docker).size() == 1);
  book.forget(1);
  found(docker, {"a1", ""}, docker_answer("a1", "web"));
  CHECK(only_update().key == 2);
}

TEST_CASE_FIXTURE(story, "metadata book: a container whose shim hangs is named, and asked about "
                         "again with pauses") {
  open_both();
  book.want(1, containerd_cgroup("c1", "default"), now);
  CHECK(lookups(containerd).size() == 1);
  const auto half = incomplete(containerd_answer("c1", "default", container_state::unknown));
  found(containerd, {"c1", "default"}, half);
  CHECK(only_update().metadata.id == "c1");
  CHECK(lookups(containerd).empty());
  CHECK(book.next_due() == now + 100ms);
}

TEST_CASE_FIXTURE(story, "metadata book: docker names docker's containers, containerd only where "
                         "there is no docker") {
  open(containerd);
  book.want(1, docker_cgroup("a1"), now);
  happens(containerd, containerd_event(created, "a1", "moby"));
  book.listed(containerd, {containerd_answer("a1", "moby")}, now, now);
  CHECK(quiet());
  CHECK(lookups(containerd).empty());
  book.lost(docker, {ec::runtime_absent, "no such socket"}, now);
  CHECK(lookups(containerd).size() == 1);
  found(containerd, {"a1", ""}, containerd_answer("a1", "moby"));
  CHECK(only_update().metadata.runtime == runtime_kind::docker);
  open(docker); // It is started after all.
  book.listed(docker, {docker_answer("a1", "web")}, now, now);
  CHECK(only_update().metadata.name == "web");
}

TEST_CASE_FIXTURE(story,
                  "metadata book: of two namespaces with one id the living container counts, "
                  "unless the path says which") {
  open_both();
  book.listed(containerd,
              {containerd_answer("web", "default", container_state::exited),
               containerd_answer("web", "other")},
              now, now);
  book.want(1, containerd_cgroup("web"), now);
  CHECK(only_update().metadata.name_space == "other");
  book.want(2, containerd_cgroup("web", "default"), now);
  CHECK(only_update().metadata.name_space == "default");
}

TEST_CASE_FIXTURE(story, "metadata book: a hung docker does not keep containerd from being asked") {
  open_both();
  for (container_key key = 1; key <= 100; ++key)
    book.want(key, docker_cgroup("a" + std::to_string(key)), now);
  CHECK(lookups(docker).size() == 8); // They never come back.
  book.want(1000, containerd_cgroup("c1", "default"), now);
  CHECK(lookups(containerd).size() == 1);
}

TEST_CASE_FIXTURE(story, "metadata book: a key that is asked for anew gets its answer anew") {
  open_both();
  book.listed(docker, {docker_answer("a1", "web")}, now, now);
  book.want(1, docker_cgroup("a1"), now);
  CHECK(only_update().key == 1);
  book.want(1, docker_cgroup("a1"), now); // The registry was started again.
  CHECK(only_update().key == 1);
}

TEST_CASE_FIXTURE(story, "metadata book: labels that disguise an exec's values make them unknown") {
  open_both();
  CHECK(book.observe(now).empty());
  auto event = docker_event(exec_exited, "a1", "web");
  event.exec.id = "mine";
  event.exec.exit_code = 7;
  happens(docker, event);
  CHECK(book.take_changes().at(0).exec == event.exec);
  auto answer = docker_answer("a1", "web");
  answer.metadata.labels = {{"execID", "mine"}, {"exitCode", "7"}};
  book.listed(docker, {answer}, now, now);
  static_cast<void>(book.take_changes());
  happens(docker, event);
  CHECK(book.take_changes().at(0).exec == exec_process{});
}

TEST_CASE("metadata book: details are kept only where they are wanted") {
  auto answer = docker_answer("a1", "web");
  container_details details;
  details.environment = {"PASSWORD=secret"};
  answer.metadata.details = std::make_shared<const container_details>(details);
  for (const bool wanted : {false, true}) {
    metadata_book book{{{runtime_kind::docker, "/docker.sock"}}, wanted};
    const metadata_book::time_point now{1h};
    book.opened(0, "1.0", now);
    book.listed(0, {answer}, now, now);
    const auto known = book.observe(now);
    REQUIRE(known.size() == 1);
    CHECK((known[0].metadata.details != nullptr) == wanted);
  }
}
