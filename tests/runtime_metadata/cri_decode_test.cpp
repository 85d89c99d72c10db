// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/cri_decode.hpp"

#include "actors/runtime_metadata/cri_changes.hpp"
#include "actors/runtime_metadata/cri_record.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

cri::container_status exited_app() {
  cri::container_status status;
  status.set_id("a1");
  status.mutable_metadata()->set_name("app");
  status.mutable_metadata()->set_attempt(2);
  status.set_state(cri::CONTAINER_EXITED);
  status.set_created_at(3);
  status.set_started_at(4);
  status.set_finished_at(5);
  status.set_exit_code(137);
  status.mutable_image()->set_image("registry/shop:1");
  status.set_image_ref("registry/shop@sha256:7a64");
  status.set_reason("OOMKilled");
  status.set_log_path("/var/log/pods/app/2.log");
  auto& mount = *status.add_mounts();
  mount.set_container_path("/data");
  mount.set_host_path("/srv/data");
  mount.set_readonly(true);
  auto& limits = *status.mutable_resources()->mutable_linux();
  limits.set_memory_limit_in_bytes(64 << 20);
  limits.set_cpu_quota(50'000);
  limits.set_cpu_period(100'000);
  return status;
}

cri::sandbox_status sandbox() {
  cri::sandbox_status status;
  status.set_id("5a");
  status.mutable_metadata()->set_name("cart-0");
  status.mutable_metadata()->set_uid("u-1");
  status.mutable_metadata()->set_name_space("shop");
  status.set_runtime_handler("runsc");
  status.mutable_network()->set_ip("10.1.2.3");
  status.mutable_network()->add_additional_ips()->set_ip("fd00::3");
  return status;
}

void add(google::protobuf::RepeatedPtrField<cri::pair>& pairs, const char* key, const char* value) {
  auto& pair = *pairs.Add();
  pair.set_key(key);
  pair.set_value(value);
}

} // namespace

TEST_CASE("CRI: a status tells what a container is, and its pod whose it is") {
  const auto app = to_metadata(exited_app(), to_pod(sandbox()));
  CHECK(app.runtime == runtime_kind::crio);
  CHECK(app.id == "a1");
  CHECK(app.name == "app");
  CHECK(app.image == "registry/shop:1");
  CHECK(app.image_digest == "sha256:7a64");
  CHECK(app.state == container_state::exited);
  CHECK(app.created_ns == 3);
  CHECK(app.started_ns == 4);
  CHECK(app.finished_ns == 5);
  CHECK(app.exit_code == 137);
  CHECK(app.oom_killed);
  CHECK(app.restarts == 2);
  CHECK(app.sandbox_id == "5a");
  CHECK(app.oci_runtime == "runsc");
  CHECK_FALSE(app.sandbox);
  const std::map<std::string, std::string> labels{{"io.kubernetes.pod.name", "cart-0"},
                                                  {"io.kubernetes.pod.namespace", "shop"},
                                                  {"io.kubernetes.pod.uid", "u-1"},
                                                  {"io.kubernetes.container.name", "app"}};
  CHECK(app.labels == labels);
  REQUIRE(app.details);
  CHECK(app.details->limits == container_limits{64 << 20, 500, 0, 0, ""});
  CHECK(app.details->log_path == "/var/log/pods/app/2.log");
  CHECK(app.details->mounts == std::vector<container_mount>{{"bind", "/srv/data", "/data", true}});
  CHECK(app.details->networks
        == std::vector<container_network>{{"", "10.1.2.3", "", ""}, {"", "", "fd00::3", ""}});
}

TEST_CASE(
    "CRI: who runs has no end, whatever stands there; labels and the kubelet's count go first") {
  auto status = exited_app();
  status.set_state(cri::CONTAINER_RUNNING);
  add(*status.mutable_labels(), "io.kubernetes.pod.name", "own");
  add(*status.mutable_annotations(), "io.kubernetes.container.restartCount", "9");
  const auto app = to_metadata(status, to_pod(sandbox()));
  CHECK(app.state == container_state::running);
  CHECK_FALSE(app.exit_code);
  CHECK(app.finished_ns == 0);
  CHECK_FALSE(app.oom_killed);
  CHECK(app.restarts == 9);
  CHECK(app.labels.at("io.kubernetes.pod.name") == "own");
}

TEST_CASE("CRI: a sandbox is one") {
  const auto pause = to_metadata(sandbox());
  CHECK(pause.sandbox);
  CHECK(holds_whole_pod(pause)); // runsc
  CHECK(pause.state == container_state::running);
  CHECK(pause.labels.at("io.kubernetes.pod.namespace") == "shop");
  CHECK(pause.labels.count("io.kubernetes.container.name") == 0);
}

TEST_CASE("CRI: a list tells less, and an image without digest has none") {
  cri::container listed;
  listed.set_id("a1");
  listed.set_pod_sandbox_id("5a");
  listed.mutable_metadata()->set_name("app");
  listed.set_state(cri::CONTAINER_RUNNING);
  listed.set_image_ref("shop:1");
  const auto app = to_metadata(listed, cri_pod{});
  CHECK(app.sandbox_id == "5a");
  CHECK(app.state == container_state::running);
  CHECK(app.image_digest.empty());
  CHECK_FALSE(app.details);
}

TEST_CASE("CRI: a verbose answer has the pid and the spec") {
  const auto info = parse_cri_info(R"({"sandboxID": "5a", "pid": 42, "runtimeType":
      "io.containerd.runc.v2", "privileged": false, "runtimeSpec": {"ociVersion": "1",
      "process": {"args": ["/app"]}, "linux": {"resources": {"pids": {"limit": 9}},
      "namespaces": [{"type": "network", "path": "/var/run/netns/x"}]}}})");
  CHECK(info.pid == 42);
  CHECK(info.sandbox_id == "5a");
  auto status = exited_app();
  status.set_state(cri::CONTAINER_RUNNING);
  auto app = to_metadata(status, to_pod(sandbox()));
  apply_info(app, info, to_pod(sandbox()));
  CHECK(app.pid == 42);
  CHECK(app.oci_runtime == "io.containerd.runc.v2");
  CHECK(app.details->command == std::vector<std::string>{"/app"});
  CHECK(app.details->limits == container_limits{64 << 20, 500, 0, 9, ""});
  CHECK(app.details->log_path == "/var/log/pods/app/2.log");
  CHECK(app.details->networks.size() == 2);
  CHECK(app.details->namespaces.at("net") == "/var/run/netns/x"); // No annotations: whose is it?
  auto on_host = sandbox();
  on_host.mutable_linux()->mutable_namespaces()->mutable_options()->set_network(cri::NODE);
  apply_info(app, info, to_pod(on_host));
  CHECK(app.details->namespaces.at("net") == "host");
  auto over = to_metadata(exited_app(), to_pod(sandbox()));
  apply_info(over, info, cri_pod{});
  CHECK(over.pid == 0);
  for (const char* text :
       {"", "[]", R"({"pid": "42"})", R"({"pid": 42)", R"({"runtimeSpec": [1]})"})
    CHECK(parse_cri_info(text).pid == 0);
}

TEST_CASE("CRI: events bring the status of their container") {
  cri::container_event from;
  from.set_container_id("a1");
  from.set_type(cri::CONTAINER_STOPPED_EVENT);
  from.set_created_at(6);
  *from.mutable_sandbox() = sandbox();
  *from.add_containers() = exited_app();
  const auto stopped = to_event(from);
  REQUIRE(stopped);
  CHECK(stopped->kind == runtime_event_kind::exited);
  CHECK(stopped->named);
  CHECK(stopped->time_ns == 6);
  CHECK(stopped->metadata.exit_code == 137);
  from.set_container_id("5a");
  from.set_type(cri::CONTAINER_STARTED_EVENT);
  const auto pause = to_event(from);
  REQUIRE(pause);
  CHECK(pause->metadata.sandbox);
  from.set_container_id("b2");
  from.set_type(cri::CONTAINER_DELETED_EVENT);
  const auto gone = to_event(from);
  REQUIRE(gone);
  CHECK(gone->kind == runtime_event_kind::removed);
  CHECK_FALSE(gone->named);
  from.set_container_id("../x");
  CHECK_FALSE(to_event(from));
}

TEST_CASE("CRI: whose events may be listened to") {
  CHECK(has_own_events("cri-o", "1.28.0"));
  CHECK(has_own_events("cri-o", "1.33.1-dev"));
  CHECK(has_own_events("containerd", "v2.0.1"));
  for (const auto& [name, version] : {std::pair{"cri-o", "1.27.9"},
                                      {"cri-o", "0.30"},
                                      {"containerd", "v1.7.20"},
                                      {"containerd", "1.6.20~ds1"},
                                      {"docker", "24.0"},
                                      {"cri-o", ""},
                                      {"cri-o", "1"},
                                      {"cri-o", "1.x"},
                                      {"", "v2.0"}})
    CHECK_FALSE(has_own_events(name, version));
}

TEST_CASE("CRI: what lies between two lists happened") {
  using enum runtime_event_kind;
  const auto answer = [](const char* id, container_state state) {
    container_answer result;
    result.metadata.id = id;
    result.metadata.state = state;
    result.metadata.created_ns = 7;
    return result;
  };
  const auto told = [](const std::vector<runtime_event>& events) {
    std::vector<std::pair<std::string, runtime_event_kind>> result;
    for (const auto& x : events)
      result.emplace_back(x.metadata.id, x.kind);
    return result;
  };
  using expected = std::vector<std::pair<std::string, runtime_event_kind>>;
  constexpr auto running = container_state::running;
  constexpr auto over = container_state::exited;
  cri_changes changes;
  CHECK(changes.since({answer("a", running), answer("b", container_state::created)}).empty());
  CHECK(changes.since({answer("a", running), answer("b", container_state::created)}).empty());
  CHECK(told(changes.since({answer("a", over), answer("b", running), answer("c", over)}))
        == expected{{"a", exited}, {"b", started}, {"c", created}, {"c", started}, {"c", exited}});
  const auto last = changes.since({answer("b", running), answer("d", container_state::created)});
  CHECK(told(last) == expected{{"d", created}, {"a", removed}, {"c", removed}});
  CHECK(last.front().time_ns == 7);
  CHECK(last.front().named);
}

TEST_CASE("CRI: what the plugin keeps in a record may be anything") {
  for (const char* text : {"", "[]", "{}", R"({"Metadata": 1})", R"({"Metadata": {"Config": [)"}) {
    const auto record = parse_cri_record(text);
    CHECK(record.restarts == 0);
    CHECK(record.sandbox_id.empty());
  }
  CHECK(restarts_of({{"io.kubernetes.container.restartCount", "x"}}, 3) == 3);
  CHECK(restarts_of({{"io.kubernetes.container.restartCount", "99999999999"}}, 3) == 3);
}
