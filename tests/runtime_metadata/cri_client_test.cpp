// SPDX-License-Identifier: Apache-2.0
// How a CRI runtime answers is tested with containerd's CRI plugin, end to end. Here: how changes
// are learnt from runtimes that we cannot have there, and what is asked of containerd's plugin.
#include "actors/runtime_metadata/cri_client.hpp"

#include "actors/runtime_metadata/containerd_client.hpp"
#include "tests/runtime_metadata/fake_grpc_server.hpp"
#include "tests/runtime_metadata/fake_socket.hpp"

#include <containerd.pb.h>
#include <cri.pb.h>
#include <doctest/doctest.h>

#include <condition_variable>
#include <thread>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;
using enum runtime_event_kind;

namespace {

constexpr auto runtime_service = "/runtime.v1.RuntimeService/";

// A CRI runtime with one pod and the container "a1" in it, which changes as it is told.
struct cri_test {
  scratch_folder folder;
  std::string path = folder / "cri.sock";
  fake_grpc_server server{path};
  cri_client client{{runtime_kind::crio, path}};
  std::stop_source stop;
  call_limits limits{5s, stop.get_token()};

  std::mutex mutex; ///< guards what follows
  cri::container_status app;
  bool gone = false;
  std::vector<runtime_event> events;
  size_t openings = 0;
  std::condition_variable changed;

  cri_test() {
    app.set_id("a1");
    app.mutable_metadata()->set_name("app");
    app.set_state(cri::CONTAINER_RUNNING);
    on("ListContainers", [this](const std::string&) { return list(); });
    on("ContainerStatus", [this](const std::string&) { return status(); });
    on("ListPodSandbox", [](const std::string&) {
      cri::list_sandboxes_response reply;
      auto& pod = *reply.add_items();
      pod.set_id("5a");
      pod.mutable_metadata()->set_name("cart-0");
      pod.mutable_metadata()->set_name_space("shop");
      return fake_answer::of(reply);
    });
    on("PodSandboxStatus",
       [](const std::string&) { return fake_answer::error(grpc::StatusCode::NOT_FOUND); });
  }

  void on(const std::string& method, fake_grpc_server::handler handler) {
    server.on(runtime_service + method, std::move(handler));
  }

  void is(const char* name, const char* version) {
    cri::version_response reply;
    reply.set_runtime_name(name);
    reply.set_runtime_version(version);
    on("Version", [reply](const std::string&) { return fake_answer::of(reply); });
  }

  fake_answer list() {
    const std::lock_guard lock{mutex};
    cri::list_containers_response reply;
    if (!gone) {
      auto& container = *reply.add_containers();
      container.set_id(app.id());
      container.set_pod_sandbox_id("5a");
      *container.mutable_metadata() = app.metadata();
      container.set_state(app.state());
    }
    return fake_answer::of(reply);
  }

  fake_answer status() {
    const std::lock_guard lock{mutex};
    if (gone)
      return fake_answer::error(grpc::StatusCode::NOT_FOUND);
    cri::container_status_response reply;
    *reply.mutable_status() = app;
    return fake_answer::of(reply);
  }

  void app_ends(int code) {
    const std::lock_guard lock{mutex};
    app.set_state(cri::CONTAINER_EXITED);
    app.set_exit_code(code);
    app.set_finished_at(9);
  }

  // Follows the events until `enough` holds (of the test's state, under the lock).
  template <class Condition>
  call_error watch_until(Condition enough, const std::function<void()>& opened) {
    std::jthread stopper{[&] {
      std::unique_lock lock{mutex};
      changed.wait_for(lock, 20s, enough);
      stop.request_stop();
    }};
    const event_observer observer{.opened =
                                      [&] {
                                        {
                                          const std::lock_guard lock{mutex};
                                          ++openings;
                                        }
                                        opened();
                                        changed.notify_all();
                                      },
                                  .event =
                                      [&](runtime_event event) {
                                        {
                                          const std::lock_guard lock{mutex};
                                          events.push_back(std::move(event));
                                        }
                                        changed.notify_all();
                                      }};
    return client.watch(observer, limits);
  }

  [[nodiscard]] std::vector<runtime_event_kind> kinds() const {
    std::vector<runtime_event_kind> result;
    for (const auto& x : events)
      result.push_back(x.kind);
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(cri_test,
                  "CRI client: a runtime whose events are the kubelet's is listed again") {
  is("containerd", "1.7.2");
  const auto error = watch_until([&] { return !events.empty(); }, [&] { app_ends(7); });
  CHECK(error.code == ec::shutting_down);
  CHECK(kinds() == std::vector{exited});
  CHECK(events.at(0).metadata.exit_code == 7);
  CHECK(events.at(0).time_ns == 9);
  CHECK(events.at(0).named);
  CHECK(openings == 1);
  CHECK(server.calls("/runtime.v1.RuntimeService/GetContainerEvents") == 0);
}

TEST_CASE_FIXTURE(cri_test, "CRI client: events come from a runtime that gives them to everybody") {
  is("cri-o", "1.30.0");
  on("GetContainerEvents", [this](const std::string&) {
    app_ends(7);
    cri::container_event event;
    event.set_container_id("a1");
    event.set_type(cri::CONTAINER_STOPPED_EVENT);
    event.set_created_at(11);
    fake_answer answer = fake_answer::of(event);
    answer.stays_open = true;
    return answer;
  });
  watch_until([&] { return !events.empty(); }, [] {});
  CHECK(kinds() == std::vector{exited});
  CHECK(events.at(0).metadata.exit_code == 7);
  CHECK(events.at(0).time_ns == 11);
}

TEST_CASE_FIXTURE(cri_test, "CRI client: who is still there was not removed, whatever CRI-O says") {
  is("cri-o", "1.30.0");
  on("GetContainerEvents", [](const std::string&) {
    cri::container_event event;
    event.set_container_id("a1");
    event.set_type(cri::CONTAINER_DELETED_EVENT);
    fake_answer answer = fake_answer::of(event);
    event.set_container_id("b2"); // Answered as a1 or not at all, so it is unknown.
    answer.messages.push_back(event.SerializeAsString());
    answer.stays_open = true;
    return answer;
  });
  watch_until([&] { return !events.empty(); }, [] {});
  CHECK(kinds() == std::vector{removed});
  CHECK(events.at(0).metadata.id == "b2");
}

TEST_CASE_FIXTURE(cri_test, "CRI client: without events, off or unknown, it lists") {
  is("cri-o", "1.30.0");
  SUBCASE("off") {
    on("GetContainerEvents", [](const std::string&) { return fake_answer{}; });
  }
  SUBCASE("unknown") {}
  watch_until([&] { return !events.empty(); },
              [&] {
                const std::lock_guard lock{mutex};
                gone = openings == 2; // Once after the stream, and once after the first list.
              });
  CHECK(kinds() == std::vector{removed});
  CHECK(events.at(0).metadata.id == "a1");
  CHECK(openings == 2);
}

TEST_CASE_FIXTURE(cri_test, "CRI client: a list has sandboxes and containers, with their pods") {
  auto listed = client.list(limits);
  REQUIRE(listed);
  REQUIRE(listed->size() == 2);
  const auto& [pause, pause_complete] = listed->at(0);
  const auto& [app_listed, app_complete] = listed->at(1);
  CHECK(pause.sandbox);
  CHECK(pause_complete);
  CHECK_FALSE(app_complete);
  CHECK(app_listed.sandbox_id == "5a");
  CHECK(app_listed.labels.at("io.kubernetes.pod.name") == "cart-0");
  auto other = client.inspect({"a", ""}, limits); // The beginning of an id is another one.
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ec::unknown_container);
}

TEST_CASE_FIXTURE(cri_test, "CRI client: what is no CRI runtime says so") {
  auto version = client.version(limits);
  REQUIRE_FALSE(version);
  CHECK(version.error().code == ec::runtime_garbage);
  CHECK(version.error().unimplemented);
  CHECK(version.error().message.find("CRI") != std::string::npos);
}

namespace {

// containerd with two containers of Kubernetes without tasks, and perhaps the CRI plugin.
struct containerd_cri_test : cri_test {
  containerd_client containerd{{runtime_kind::containerd, path}};

  containerd_cri_test() {
    containerd::list_namespaces_response namespaces;
    namespaces.add_namespaces()->set_name("k8s.io");
    answer_with("/containerd.services.namespaces.v1.Namespaces/List", namespaces);
    fake_answer records;
    for (const char* id : {"a1", "a2"}) {
      containerd::list_container_message message;
      message.mutable_container()->set_id(id);
      records.messages.push_back(message.SerializeAsString());
    }
    server.on("/containerd.services.containers.v1.Containers/ListStream",
              [records](const std::string&) { return records; });
    answer_with("/containerd.services.tasks.v1.Tasks/List", containerd::list_tasks_response{});
  }

  void answer_with(const char* called, const google::protobuf::MessageLite& reply) {
    server.on(called, [answer = fake_answer::of(reply)](const std::string&) { return answer; });
  }
};

} // namespace

TEST_CASE_FIXTURE(containerd_cri_test,
                  "containerd client: the CRI plugin tells how a container without task ended") {
  app_ends(7);
  auto listed = containerd.list(limits);
  REQUIRE(listed);
  REQUIRE(listed->size() == 2);
  CHECK(listed->at(0).metadata.state == container_state::exited);
  CHECK(listed->at(0).metadata.exit_code == 7);
  CHECK(listed->at(0).metadata.finished_ns == 9);
  CHECK(listed->at(1).metadata.state == container_state::created); // It answers for another one.
}

TEST_CASE_FIXTURE(containerd_cri_test,
                  "containerd client: a CRI plugin that is off is not asked again and again") {
  on("ContainerStatus",
     [](const std::string&) { return fake_answer::error(grpc::StatusCode::UNIMPLEMENTED); });
  for (int i = 0; i < 3; ++i) {
    auto listed = containerd.list(limits);
    REQUIRE(listed);
    for (const auto& x : *listed)
      CHECK(x.metadata.state == container_state::created);
  }
  CHECK(server.calls("/runtime.v1.RuntimeService/ContainerStatus") == 1);
}

TEST_CASE_FIXTURE(containerd_cri_test,
                  "containerd client: a CRI plugin that hangs costs one wait, and no name") {
  on("ContainerStatus", [](const std::string&) {
    fake_answer never;
    never.stays_open = true;
    return never;
  });
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) {
    auto listed = containerd.list(limits);
    REQUIRE(listed);
    CHECK(listed->size() == 2);
  }
  CHECK(std::chrono::steady_clock::now() - begun < 3s); // One wait takes a second.
  CHECK(server.calls("/runtime.v1.RuntimeService/ContainerStatus") == 1);
}
