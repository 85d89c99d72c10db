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

TEST_CASE("containerd: the record has the runtime, the spec and what CRI keeps") {
  auto record = record_with({{"io.cri-containerd.kind", "container"}});
  record.mutable_runtime()->set_name("io.containerd.runsc.v1");
  record.mutable_spec()->set_value(R"({"ociVersion": "1", "process": {"args": ["/app"],
      "env": ["NOMAD_ALLOC_ID=8a"]}, "linux": {"namespaces":
      [{"type": "network", "path": "/proc/9/ns/net"}, {"type": "pid"},
       {"type": "ipc", "path": "/proc/9/ns/ipc"}]},
      "annotations": {"io.kubernetes.cri.container-type": "container",
      "io.kubernetes.cri.sandbox-id": "5a", "io.kubernetes.cri.sandbox-name": "cart-0",
      "io.kubernetes.cri.sandbox-namespace": "shop"}})");
  auto& extension = *record.add_extensions();
  extension.set_key("io.cri-containerd.container.metadata");
  extension.mutable_value()->set_value(R"({"Version": "v1", "Metadata": {"SandboxID": "5a",
      "Config": {"metadata": {"name": "app", "attempt": 1},
      "annotations": {"io.kubernetes.container.restartCount": "4"}},
      "LogPath": "/var/log/pods/app/4.log"}})");
  const auto app = to_metadata(record, "k8s.io");
  CHECK(app.oci_runtime == "io.containerd.runsc.v1");
  CHECK(app.sandbox_id == "5a");
  CHECK(app.restarts == 4);
  CHECK(app.nomad.alloc == "8a");
  CHECK(app.labels.at("io.kubernetes.pod.name") == "cart-0");
  REQUIRE(app.details);
  CHECK(app.details->command == std::vector<std::string>{"/app"});
  CHECK(app.details->log_path == "/var/log/pods/app/4.log");
  CHECK(app.details->annotations.size() == 1);
  CHECK(app.details->namespaces.at("net") == "pod");
  CHECK(app.details->namespaces.at("ipc") == "pod");
  CHECK(app.details->namespaces.at("pid") == "private");
}

TEST_CASE("containerd: a pod's container has its sandbox's addresses, and the host's network") {
  auto record = record_with({{"io.cri-containerd.kind", "sandbox"}});
  record.mutable_spec()->set_value(R"({"ociVersion": "1", "hostname": "cart-0", "linux":
      {"namespaces": [{"type": "ipc"}]}})");
  auto& extension = *record.add_extensions();
  extension.set_key("io.cri-containerd.sandbox.metadata");
  extension.mutable_value()->set_value(R"({"Version": "v1", "Metadata": {"IP": "10.1.2.3",
      "AdditionalIPs": ["fd00::3"]}})");
  const auto pause = to_metadata(record, "k8s.io");
  container_metadata app;
  join_pod(app, pause);
  CHECK_FALSE(app.details);
  container_details details;
  details.namespaces = {{"net", "pod"}, {"ipc", "pod"}, {"uts", "pod"}, {"pid", "private"}};
  app.details = std::make_shared<const container_details>(details);
  join_pod(app, pause);
  const std::vector<container_network> expected{{"", "10.1.2.3", "", ""}, {"", "", "fd00::3", ""}};
  CHECK(app.details->networks == expected);
  CHECK(app.details->hostname == "cart-0");
  const std::map<std::string, std::string> whose{
      {"net", "host"}, {"ipc", "pod"}, {"uts", "host"}, {"pid", "private"}};
  CHECK(app.details->namespaces == whose);
}

TEST_CASE("containerd: nerdctl's labels tell restarts and where the log is") {
  const std::map<std::string, std::string> labels{
      {"nerdctl/name", "shop"},
      {"nerdctl/state-dir", "/var/lib/nerdctl/1/containers/default/web"},
      {"nerdctl/log-uri", "binary:///usr/bin/nerdctl?_NERDCTL_INTERNAL_LOGGING=%2Fvar"},
      {"containerd.io/restart.policy", "on-failure:3"},
      {"containerd.io/restart.count", "2"}};
  const auto shop = to_metadata(record_with(labels), "default");
  CHECK(shop.restarts == 2);
  CHECK(shop.details->restart_policy == "on-failure:3");
  CHECK(shop.details->log_path == "/var/lib/nerdctl/1/containers/default/web/web-json.log");
  auto journal = labels;
  journal["nerdctl/log-config"] = R"({"driver":"journald"})";
  CHECK(to_metadata(record_with(journal), "default").details->log_path.empty());
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
}

TEST_CASE("containerd: other processes of a container are exec'ed, and exit for themselves") {
  containerd::exec_started started;
  started.set_container_id("web");
  started.set_exec_id("exec-1");
  started.set_pid(43);
  const auto start = to_event(envelope_of("containerd.events.TaskExecStarted", started));
  REQUIRE(start);
  CHECK(start->kind == runtime_event_kind::exec_started);
  CHECK(start->metadata.id == "web");
  CHECK(start->metadata.pid == 0);
  CHECK(start->exec == exec_process{"exec-1", "", 43, std::nullopt});
  auto exited = exit_of("web", "exec-1");
  exited.set_pid(43);
  const auto end = to_event(envelope_of("containerd.events.TaskExit", exited));
  REQUIRE(end);
  CHECK(end->kind == runtime_event_kind::exec_exited);
  CHECK(end->metadata.id == "web");
  CHECK_FALSE(end->metadata.exit_code);
  CHECK(end->exec == exec_process{"exec-1", "", 43, 137});
  containerd::task_deleted deleted;
  deleted.set_container_id("web");
  deleted.set_id("exec-1");
  CHECK_FALSE(to_event(envelope_of("containerd.events.TaskDelete", deleted)));
}

TEST_CASE("containerd: an exit is told once, by its event or else by the task's deletion") {
  containerd::task_changed task;
  task.set_container_id("web");
  containerd::task_deleted deleted;
  deleted.set_container_id("web");
  const auto start = envelope_of("containerd.events.TaskStart", task);
  const auto exit = envelope_of("containerd.events.TaskExit", exit_of("web", "web"));
  const auto deletion = envelope_of("containerd.events.TaskDelete", deleted);
  told_exits exits;
  const auto is_news = [&](const containerd::envelope& x) {
    return exits.is_news(x, to_event(x).value());
  };
  for (int run = 0; run < 2; ++run) {
    CHECK(is_news(start));
    CHECK(is_news(exit));
    CHECK_FALSE(is_news(deletion));
  }
  CHECK(is_news(start));
  CHECK(is_news(deletion));
  CHECK(is_news(exit)); // Without its deletion.
  CHECK(is_news(start));
  CHECK(is_news(exit));
  auto elsewhere = deletion;
  elsewhere.set_name_space("other");
  CHECK(is_news(elsewhere));
  CHECK_FALSE(is_news(deletion));
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
  CHECK_FALSE(to_event(envelope_of("containerd.events.TaskExecAdded", task))); // Not yet a process.
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
