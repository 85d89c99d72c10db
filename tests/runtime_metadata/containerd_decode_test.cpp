// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/containerd_decode.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

template <class Message>
containerd::envelope envelope_of(const char* type_url, const Message& payload) {
  containerd::envelope result;
  result.set_name_space("default");
  result.mutable_timestamp()->set_seconds(5);
  result.mutable_event()->set_type_url(type_url);
  result.mutable_event()->set_value(payload.SerializeAsString());
  return result;
}

containerd::task_exited exit_of(const char* container_id, const char* id) {
  containerd::task_exited result;
  result.set_container_id(container_id);
  result.set_id(id);
  result.set_exit_status(137);
  result.mutable_exited_at()->set_seconds(7);
  return result;
}

containerd::container_record record_with(const std::map<std::string, std::string>& labels) {
  containerd::container_record record;
  record.set_id("web");
  record.set_image("docker.io/library/nginx:1");
  record.mutable_created_at()->set_seconds(3);
  record.mutable_created_at()->set_nanos(4);
  for (const auto& [key, value] : labels) {
    auto& label = *record.add_labels();
    label.set_key(key);
    label.set_value(value);
  }
  return record;
}

} // namespace

TEST_CASE("containerd: a plain container has an id, an image and no name") {
  const auto web = to_metadata(record_with({{"team", "a"}}), "default");
  CHECK(web.runtime == runtime_kind::containerd);
  CHECK(web.id == "web");
  CHECK(web.name.empty());
  CHECK(web.name_space == "default");
  CHECK(web.image == "docker.io/library/nginx:1");
  CHECK(web.state == container_state::created);
  CHECK(web.created_ns == 3'000'000'004);
  CHECK(web.labels.at("team") == "a");
}

TEST_CASE("containerd: nerdctl and Kubernetes name their containers by label") {
  CHECK(to_metadata(record_with({{"nerdctl/name", "shop"}}), "default").name == "shop");
  const auto app = to_metadata(record_with({{"io.kubernetes.container.name", "app"},
                                            {"io.cri-containerd.kind", "container"}}),
                               "k8s.io");
  CHECK(app.name == "app");
  CHECK_FALSE(app.sandbox);
  CHECK(to_metadata(record_with({{"io.cri-containerd.kind", "sandbox"}}), "k8s.io").sandbox);
  CHECK(to_metadata(record_with({}), "moby").runtime == runtime_kind::docker);
}

TEST_CASE("containerd: the task is the container's state") {
  container_metadata web;
  containerd::task_process task;
  task.set_pid(42);
  task.set_status(containerd::TASK_RUNNING);
  apply_task(web, task);
  CHECK(web.state == container_state::running);
  CHECK(web.pid == 42);
  task.set_status(containerd::TASK_PAUSING);
  apply_task(web, task);
  CHECK(web.state == container_state::paused);
  container_metadata done;
  task.set_status(containerd::TASK_STOPPED);
  task.set_exit_status(3);
  task.mutable_exited_at()->set_seconds(9);
  apply_task(done, task);
  CHECK(done.state == container_state::exited);
  CHECK(done.exit_code == 3);
  CHECK(done.pid == 0);
  CHECK(done.finished_ns == 9'000'000'000);
}

TEST_CASE("containerd: only the exit of the init process is the container's") {
  const auto own = to_event(envelope_of("containerd.events.TaskExit", exit_of("web", "web")));
  REQUIRE(own);
  CHECK(own->kind == runtime_event_kind::exited);
  CHECK(own->metadata.exit_code == 137);
  CHECK(own->metadata.finished_ns == 7'000'000'000);
  CHECK(own->time_ns == 5'000'000'000);
  CHECK_FALSE(own->named);
  CHECK_FALSE(to_event(envelope_of("containerd.events.TaskExit", exit_of("web", "exec-1"))));
}

TEST_CASE("containerd: every event that we subscribe to is understood, with either type URL") {
  containerd::task_changed task;
  task.set_container_id("web");
  task.set_pid(42);
  containerd::container_created container;
  container.set_id("web");
  container.set_image("img");
  containerd::task_deleted deleted;
  deleted.set_container_id("web");
  const std::pair<const char*, containerd::envelope> cases[] = {
      {"created", envelope_of("containerd.events.ContainerCreate", container)},
      {"updated", envelope_of("type.googleapis.com/containerd.events.ContainerUpdate", container)},
      {"removed", envelope_of("containerd.events.ContainerDelete", container)},
      {"started", envelope_of("containerd.events.TaskStart", task)},
      {"oom", envelope_of("containerd.events.TaskOOM", task)},
      {"paused", envelope_of("containerd.events.TaskPaused", task)},
      {"resumed", envelope_of("containerd.events.TaskResumed", task)},
      {"task deleted", envelope_of("containerd.events.TaskDelete", deleted)},
  };
  for (const auto& x : cases) {
    const std::string name = x.first;
    CAPTURE(name);
    const auto event = to_event(x.second);
    REQUIRE(event);
    CHECK(event->metadata.id == "web");
    CHECK(event->metadata.name_space == "default");
    CHECK(event->metadata.pid == (name == "started" ? 42 : 0));
  }
}

TEST_CASE("containerd: what cannot be decoded is left out") {
  containerd::task_changed task;
  task.set_container_id("web");
  CHECK_FALSE(to_event(envelope_of("containerd.events.TaskExecAdded", task)));
  CHECK_FALSE(to_event(envelope_of("", task)));
  CHECK_FALSE(to_event(containerd::envelope{}));
  auto broken = envelope_of("containerd.events.TaskStart", task);
  broken.mutable_event()->set_value("\xff\xff\xff");
  CHECK_FALSE(to_event(broken));
  task.set_container_id("../../etc\r\n");
  CHECK_FALSE(to_event(envelope_of("containerd.events.TaskStart", task)));
  auto nowhere = envelope_of("containerd.events.TaskStart", exit_of("web", "web"));
  nowhere.set_name_space("bad\nname");
  CHECK_FALSE(to_event(nowhere));
}

TEST_CASE("containerd: no truncated or flipped event does harm") {
  const auto bytes =
      envelope_of("containerd.events.TaskExit", exit_of("web", "web")).SerializeAsString();
  for (size_t i = 0; i < bytes.size(); ++i)
    for (int value = 0; value < 256; value += 5) {
      auto broken = bytes;
      broken[i] = static_cast<char>(value);
      containerd::envelope envelope;
      for (const auto& text : {broken, broken.substr(0, i)})
        if (envelope.ParseFromString(text))
          if (const auto event = to_event(envelope))
            CHECK(plausible_id(event->metadata.id));
    }
}

TEST_CASE("containerd: times that were never set or are out of range are unknown") {
  for (int64_t seconds : {int64_t{-62135596800}, int64_t{0}, std::numeric_limits<int64_t>::max()}) {
    auto record = record_with({});
    record.mutable_created_at()->set_seconds(seconds);
    CHECK(to_metadata(record, "default").created_ns == 0);
  }
}
