// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/podman_json.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/podman_execs.hpp"
#include "tests/runtime_metadata/recorded.hpp"

#include <doctest/doctest.h>

#include <map>
#include <sstream>

using namespace troupe;

namespace {

constexpr auto pod_id = "73fb47f72c9cd33e54e326a1fa5618be0b0b64ab47650aa3edf875a49c9274d3";
constexpr auto infra_id = "6f49d5c0ad8efec3688ff661fd170e053be0ce8a72d0c529640bcd0b6405ea40";
constexpr auto live_id = "e1dd5e37a9393301711592e7dafe638a299ba2b36a5f0b2caa4405e39f7f4d84";

std::vector<podman_event> recorded_events() {
  std::vector<podman_event> result;
  std::istringstream lines{recorded("podman_events.jsonl")};
  for (std::string line; std::getline(lines, line);) {
    auto event = parse_podman_event(line);
    REQUIRE(event);
    if (*event)
      result.push_back(**event);
  }
  return result;
}

podman_container inspected(const std::string& json) {
  auto answer = parse_podman_container(json);
  REQUIRE(answer);
  return *answer;
}

runtime_event exec_event(runtime_event_kind kind, std::optional<int> exit_code = {}) {
  runtime_event event;
  event.kind = kind;
  event.metadata.id = "a1";
  event.exec.exit_code = exit_code;
  return event;
}

} // namespace

TEST_CASE("podman json: a running container is read in full") {
  const auto [answer, pod] = inspected(recorded("podman_inspect_running.json"));
  CHECK(answer.complete);
  CHECK(pod.empty());
  const auto& web = answer.metadata;
  CHECK(web.runtime == runtime_kind::podman);
  CHECK(web.id == "c4e0cbfb88e24dfb390351101e0de92e1c3862c15f3915ebe9c1f09ad782ca3c");
  CHECK(web.name == "web");
  CHECK(web.image == "localhost/bb:1");
  CHECK(web.image_digest
        == "sha256:7a2827afe88924f49924ac6ae0289540a37914a8143d08bcbc2b5e9cb40f59ea");
  CHECK(web.state == container_state::running);
  CHECK(web.pid == 27720);
  CHECK(web.started_ns == 1795329374'936'097'147);
  CHECK(web.finished_ns == 0); // It was restarted: the last end's time is still there.
  CHECK_FALSE(web.exit_code);
  CHECK(web.labels == std::map<std::string, std::string>{{"app", "shop"}});
  CHECK(web.health == "starting");
  CHECK(web.oci_runtime == "runc");
  CHECK_FALSE(web.sandbox);
  REQUIRE(web.details);
  const auto& x = *web.details;
  CHECK(x.command == std::vector<std::string>{"sleep", "1000"});
  CHECK(x.limits == container_limits{64U << 20, 1500, 0, 100, ""});
  CHECK(x.restart_policy == "on-failure:3");
  CHECK(x.mounts
        == std::vector<container_mount>{{"bind", "/srv/www", "/mnt", true},
                                        {"tmpfs", "", "/scratch", false}});
  CHECK(x.namespaces.at("net") == "host");
  CHECK(x.namespaces.at("ipc") == "private");
  CHECK(x.cgroup_path == "/libpod_parent/libpod-" + web.id);
  CHECK(x.log_path.ends_with("/userdata/ctr.log"));
  CHECK(x.annotations.at("io.container.manager") == "libpod");
  CHECK(x.networks.empty());
  CHECK_FALSE(x.privileged);
}

TEST_CASE("podman json: a container that ended has its exit code and time") {
  const auto [answer, pod] = inspected(recorded("podman_inspect_exited.json"));
  CHECK(answer.metadata.state == container_state::exited);
  CHECK(answer.metadata.exit_code == 7);
  CHECK(answer.metadata.pid == 0);
  CHECK(answer.metadata.finished_ns == 1795329343'502'881'855);
}

TEST_CASE("podman json: a container in a pod is named by the pod's own answer") {
  auto [answer, id] = inspected(recorded("podman_inspect_in_pod.json"));
  CHECK(id == pod_id);
  CHECK(answer.metadata.pod.empty());
  auto pod = parse_podman_pod(recorded("podman_pod.json"));
  REQUIRE(pod);
  CHECK(pod->id == pod_id);
  CHECK(pod->name == "shop");
  CHECK(pod->infra_id == infra_id);
  apply_pod(*pod, answer.metadata);
  CHECK(answer.metadata.pod == "shop");
  CHECK(answer.metadata.sandbox_id == infra_id);
  CHECK_FALSE(answer.metadata.sandbox);
  CHECK(answer.metadata.details->namespaces.at("ipc") == "pod");
  CHECK(answer.metadata.details->namespaces.at("pid") == "private");
}

TEST_CASE("podman json: a list knows every container, its pod and its sandbox") {
  auto list = parse_podman_list(recorded("podman_list.json"));
  REQUIRE(list);
  std::map<std::string, container_metadata> by_name;
  for (const auto& [metadata, complete] : list->containers) {
    CHECK_FALSE(complete);
    CHECK(metadata.runtime == runtime_kind::podman);
    by_name[metadata.name] = metadata;
  }
  REQUIRE(by_name.size() == 5);
  CHECK(by_name.at("web").state == container_state::running);
  CHECK(by_name.at("web").labels.at("app") == "shop");
  CHECK(by_name.at("done").exit_code == 7);
  CHECK(by_name.at("done").finished_ns == 1795329343'000'000'000);
  CHECK(by_name.at("made").state == container_state::created);
  CHECK(by_name.at("made").started_ns == 0);
  CHECK(by_name.at("made").created_ns == 1795329343'689'444'936);
  const auto& app = by_name.at("app");
  CHECK(app.pod == "shop");
  CHECK(app.sandbox_id == infra_id);
  CHECK_FALSE(app.sandbox);
  const auto& infra = by_name.at("73fb47f72c9c-infra");
  CHECK(infra.sandbox);
  CHECK(infra.pod == "shop");
  CHECK(infra.sandbox_id.empty());
  REQUIRE(list->pods.size() == 1);
  CHECK(list->pods[0].id == pod_id);
  CHECK(list->pods[0].infra_id == infra_id);
}

TEST_CASE("podman json: recorded events tell a whole life, and nothing else") {
  using enum runtime_event_kind;
  std::vector<runtime_event_kind> kinds;
  for (const auto& [event, pod] : recorded_events()) {
    CHECK(event.metadata.runtime == runtime_kind::podman);
    CHECK(event.time_ns > 1795329374'000'000'000);
    if (event.metadata.id != live_id)
      continue;
    kinds.push_back(event.kind);
    CHECK(event.named);
    CHECK(pod.empty());
    // Labels called name and exitCode do no harm here.
    CHECK(event.metadata.labels == std::map<std::string, std::string>{{"exitCode", "no"}});
    CHECK(event.metadata.name == (kinds.size() <= 10 ? "live" : "live2"));
    if (event.kind == exited)
      CHECK(event.metadata.exit_code == 137);
  }
  CHECK(kinds
        == std::vector{created, started, exec_started, exec_exited, exec_exited, exec_started,
                       exec_exited, exec_exited, paused, resumed, renamed, exited, removed});
}

TEST_CASE(
    "podman json: an event in a pod has the pod's id, and no name before the pod's is known") {
  size_t in_pod = 0;
  std::string health;
  for (const auto& [event, pod] : recorded_events()) {
    if (event.kind == runtime_event_kind::health_changed)
      health = event.metadata.health;
    if (pod.empty())
      continue;
    ++in_pod;
    CHECK(pod == pod_id);
    CHECK_FALSE(event.named);
  }
  CHECK(in_pod == 4);
  CHECK(health == "starting");
}

TEST_CASE("podman json: states by podman's words") {
  const std::pair<const char*, container_state> words[] = {
      {"configured", container_state::created},  {"created", container_state::created},
      {"initialized", container_state::created}, {"running", container_state::running},
      {"stopping", container_state::running},    {"paused", container_state::paused},
      {"stopped", container_state::exited},      {"exited", container_state::exited},
      {"removing", container_state::exited},     {"unknown", container_state::unknown},
      {"bad state", container_state::unknown}};
  for (const auto& [word, state] : words) {
    CAPTURE(word);
    const auto x = inspected(R"({"Id":"a1","State":{"Status":")" + std::string{word} + R"("}})");
    CHECK(x.answer.metadata.state == state);
  }
}

TEST_CASE("podman json: what is not podman's is garbage, what is hostile is bounded") {
  for (const char* text : {"", "null", "[]", "{}", "5", "<html>", R"({"Id":"a1"}{)"}) {
    CAPTURE(text);
    auto answer = parse_podman_container(text);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ec::runtime_garbage);
    CHECK(answer.error().message.find("podman") != std::string::npos);
    CHECK_FALSE(parse_podman_pod(text));
    CHECK_FALSE(parse_podman_version(text));
  }
  CHECK_FALSE(parse_podman_list("{}"));
  CHECK_FALSE(parse_podman_list("[{}]"));
  CHECK_FALSE(parse_podman_event("[1]"));
  // A pod's id goes into a URL.
  CHECK(inspected(R"({"Id":"a1","Pod":"../../x"})").pod_id.empty());
  auto pod = parse_podman_pod(R"({"Id":"a1","Name":")" + std::string(100'000, 'n') + R"("})");
  REQUIRE(pod);
  CHECK(pod->name.size() == runtime_bounds::name_bytes);
}

TEST_CASE("podman json: no truncation of a real answer passes for a whole one") {
  const auto inspect = recorded("podman_inspect_in_pod.json");
  for (size_t size = 0; size < inspect.find_last_of('}'); ++size)
    CHECK_FALSE(parse_podman_container(inspect.substr(0, size)));
  const auto list = recorded("podman_list.json");
  for (size_t size = 0; size < list.find_last_of(']'); ++size)
    CHECK_FALSE(parse_podman_list(list.substr(0, size)));
}

TEST_CASE("podman execs: each end is told once, with a code only where it is certain") {
  using enum runtime_event_kind;
  podman_execs execs;
  auto exit = [&](int code) {
    auto event = exec_event(exec_exited, code);
    return execs.admit(event) ? std::optional{event.exec.exit_code} : std::nullopt;
  };
  auto start = [&] {
    auto event = exec_event(exec_started);
    CHECK(execs.admit(event));
  };
  CHECK_FALSE(exit(0)); // a health check's
  start();
  CHECK(exit(3) == std::optional{std::optional{3}});
  CHECK_FALSE(exit(3)); // its echo
  start();
  start();
  CHECK(exit(4) == std::optional{std::optional<int>{}}); // whose?
  CHECK(exit(4) == std::optional{std::optional<int>{}});
  CHECK_FALSE(exit(5));
  start();
  CHECK(exit(6) == std::optional{std::optional{6}});
  start();
  auto end = exec_event(exited);
  CHECK(execs.admit(end));
  CHECK_FALSE(exit(7)); // It ended with its container.
}

TEST_CASE("podman execs: of the recorded events two ends are left, with their codes") {
  podman_execs execs;
  std::vector<std::optional<int>> codes;
  for (auto& [event, pod] : recorded_events())
    if (execs.admit(event) && event.kind == runtime_event_kind::exec_exited)
      codes.push_back(event.exec.exit_code);
  CHECK(codes == std::vector<std::optional<int>>{0, 3});
}
