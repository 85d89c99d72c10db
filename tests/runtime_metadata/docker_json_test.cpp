// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_json.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "tests/runtime_metadata/recorded.hpp"

#include <doctest/doctest.h>

#include <map>
#include <sstream>

using namespace troupe;

namespace {

constexpr auto web_id = "56e82cbd1d8f868bf7bb85774a26972f3c387d538b5a9271821feb1654694513";

std::vector<runtime_event> recorded_events(const char* file = "docker_events.jsonl") {
  std::vector<runtime_event> result;
  std::istringstream lines{recorded(file)};
  for (std::string line; std::getline(lines, line);) {
    auto event = parse_docker_event(line);
    REQUIRE(event);
    if (*event)
      result.push_back(**event);
  }
  return result;
}

container_metadata inspected(const std::string& json) {
  auto answer = parse_docker_container(json);
  REQUIRE(answer);
  return answer->metadata;
}

} // namespace

TEST_CASE("docker json: a running container is read in full") {
  auto answer = parse_docker_container(recorded("docker_inspect_running.json"));
  REQUIRE(answer);
  CHECK(answer->complete);
  const auto& web = answer->metadata;
  CHECK(web.runtime == runtime_kind::docker);
  CHECK(web.id == web_id);
  CHECK(web.name == "web");
  CHECK(web.image == "bb:1");
  CHECK(web.image_digest
        == "sha256:f6cc8ad879e64c8802c4d64457d8f3f1093ba27f8894e756d708e9594943051e");
  CHECK(web.state == container_state::running);
  CHECK(web.pid == 24784);
  CHECK(web.created_ns == 1795307413086768060);
  CHECK(web.started_ns == 1795307413260608619);
  CHECK(web.finished_ns == 0);
  CHECK_FALSE(web.exit_code);
  CHECK(web.labels == std::map<std::string, std::string>{{"app", "shop"}, {"empty", ""}});
  CHECK_FALSE(web.sandbox);
}

TEST_CASE("docker json: a container that ended has its exit code and time") {
  const auto done = inspected(recorded("docker_inspect_exited.json"));
  CHECK(done.name == "done");
  CHECK(done.state == container_state::exited);
  CHECK(done.pid == 0);
  CHECK(done.exit_code == 7);
  CHECK(done.finished_ns == 1795307413432547135);
}

TEST_CASE("docker json: a list names every container, and says that it is not all") {
  auto list = parse_docker_list(recorded("docker_list.json"));
  REQUIRE(list);
  REQUIRE(list->size() == 2);
  CHECK_FALSE(list->at(0).complete);
  CHECK(list->at(0).metadata.name == "done");
  CHECK(list->at(0).metadata.state == container_state::exited);
  CHECK(list->at(1).metadata.id == web_id);
  CHECK(list->at(1).metadata.name == "web");
  CHECK(list->at(1).metadata.image == "bb:1");
  CHECK(list->at(1).metadata.created_ns == 1795307413'000'000'000);
  CHECK(list->at(1).metadata.labels.at("app") == "shop");
}

TEST_CASE("docker json: of several names the container's own counts, not a link's") {
  auto list = parse_docker_list(R"([{"Id":"a1","Names":["/other/alias","/web","/third/x"]}])");
  REQUIRE(list);
  CHECK(list->at(0).metadata.name == "web");
}

TEST_CASE("docker json: recorded events tell a whole life, and nothing else") {
  const auto events = recorded_events();
  std::vector<runtime_event_kind> kinds;
  for (const auto& event : events) {
    kinds.push_back(event.kind);
    CHECK(event.named);
    CHECK(event.time_ns > 1795307413'000'000'000);
    CHECK(event.metadata.image == "bb:1");
  }
  using enum runtime_event_kind;
  CHECK(kinds
        == std::vector{created, started, exited, removed, renamed, renamed, paused, resumed,
                       exec_started, exec_exited, updated});
  CHECK(events[8].exec.command == "/bin/true ");
  CHECK(events[8].exec.id == "0cf413ca1f9006825303182b43ed70c0ac9ef7d88d07472d3dfefe057c648735");
  CHECK(events[9].exec.id == events[8].exec.id);
  CHECK(events[9].exec.exit_code == 0);
  CHECK(events[9].metadata.labels == events[4].metadata.labels);
  CHECK(events[0].metadata.name == "short");
  CHECK(events[0].metadata.labels.at("app") == "b");
  CHECK(events[4].metadata.name == "web2");
  CHECK(events[5].metadata.name == "web");
  CHECK_FALSE(events[5].metadata.labels.contains("oldName"));
}

TEST_CASE("docker json: a label called exitCode hides the exit code") {
  // docker 20.10 puts labels and attributes into one bag, and the label wins: see the recording.
  CHECK_FALSE(recorded_events()[2].metadata.exit_code);
  auto event = parse_docker_event(
      R"({"Type":"container","Action":"die","Actor":{"ID":"a1","Attributes":
         {"exitCode":"137","image":"i","name":"n","app":"x"}},"timeNano":5})");
  REQUIRE(event);
  REQUIRE(*event);
  CHECK((*event)->metadata.exit_code == 137);
  CHECK((*event)->metadata.labels == std::map<std::string, std::string>{{"app", "x"}});
  CHECK((*event)->time_ns == 5);
}

TEST_CASE("docker json: all that docker says of a container is kept") {
  const auto full = inspected(recorded("docker_inspect_details.json"));
  CHECK(full.health == "healthy");
  CHECK(full.oci_runtime == "runc");
  CHECK(full.nomad == nomad_task{"default", "web", "front", "8f1b", "nginx"});
  REQUIRE(full.details);
  const auto& x = *full.details;
  CHECK(x.command == std::vector<std::string>{"/bin/sleep", "1000"});
  CHECK(x.user == "1000:1000");
  CHECK(x.working_dir == "/tmp");
  CHECK(x.hostname == "full-host");
  CHECK(x.environment.size() == 6);
  CHECK(x.environment.front() == "SECRET=x");
  CHECK(x.mounts
        == std::vector<container_mount>{{"tmpfs", "", "/scratch", false},
                                        {"bind", "/srv/www", "/mnt", true},
                                        {"volume", "data", "/data", false}});
  CHECK(x.networks
        == std::vector<container_network>{{"bridge", "172.17.0.2", "", "02:42:ac:11:00:02"}});
  CHECK(x.namespaces
        == std::map<std::string, std::string>{{"cgroup", "host"},
                                              {"ipc", "private"},
                                              {"net", "private"},
                                              {"pid", "host"},
                                              {"uts", "private"}});
  CHECK(x.limits == container_limits{128U << 20, 1500, 512, 100, "0-1"});
  CHECK(x.log_path.ends_with(full.id + "-json.log"));
  CHECK(x.restart_policy == "on-failure:3");
  CHECK(x.privileged);
  CHECK(x.cgroup_path.empty());
}

TEST_CASE("docker json: limits, policies and namespaces in their other forms") {
  const auto of = [](const std::string& host_config) {
    return *inspected(R"({"Id":"a1","HostConfig":)" + host_config + "}").details;
  };
  CHECK(of(R"({"CpuQuota":50000,"CpuPeriod":0})").limits.cpu_millicores == 500);
  CHECK(of(R"({"CpuQuota":50000,"CpuPeriod":25000})").limits.cpu_millicores == 2000);
  CHECK(of(R"({"CpuQuota":-1,"PidsLimit":-1,"Memory":-1})").limits == container_limits{});
  CHECK(of(R"({"RestartPolicy":{"Name":"no"}})").restart_policy.empty());
  CHECK(of(R"({"RestartPolicy":{"MaximumRetryCount":2,"Name":"always"}})").restart_policy
        == "always");
  CHECK(of(R"({"NetworkMode":"container:b2"})").namespaces.at("net") == "container:b2");
  CHECK(of(R"({"UsernsMode":""})").namespaces.empty());
  CHECK(of(R"({"CgroupParent":"/pods"})").cgroup_path == "/pods/a1");
  CHECK(of(R"({"CgroupParent":"pods.slice"})").cgroup_path == "pods.slice:docker:a1");
  CHECK(of(R"({"Tmpfs":{"/run":"rw,size=1m","/x":"ro"}})").mounts.at(1).read_only);
}

TEST_CASE("docker json: execs and health are events") {
  const auto events = recorded_events("docker_events_exec.jsonl");
  std::vector<std::pair<std::string, std::optional<int>>> ends;
  std::vector<std::string> commands;
  std::string health;
  for (const auto& event : events) {
    if (event.kind == runtime_event_kind::exec_started)
      commands.push_back(event.exec.command);
    if (event.kind == runtime_event_kind::exec_exited)
      ends.emplace_back(event.exec.id.substr(0, 8), event.exec.exit_code);
    if (event.kind == runtime_event_kind::health_changed)
      health = event.metadata.health;
  }
  CHECK(commands == std::vector<std::string>{"sh -c exit 3", "sh -c exit 4", "/bin/sh -c true"});
  // The second container has labels called execID and exitCode: docker lets them win.
  CHECK(ends
        == std::vector<std::pair<std::string, std::optional<int>>>{
            {"79fe0388", 3}, {"mine", std::nullopt}, {"dd3924b4", 0}});
  CHECK(health == "healthy");
}

TEST_CASE("docker json: docker's own record of a container reads like its answer") {
  const auto x = inspected(recorded("docker_config_v2.json"));
  CHECK(x.name == "full");
  CHECK(x.state == container_state::running);
  CHECK(x.pid == 29697);
  CHECK(x.image == "bb:1");
  CHECK(x.labels.at("app") == "shop");
  const auto state = [](const std::string& flags) {
    return inspected(R"({"ID":"a1","State":{)" + flags + "}}").state;
  };
  CHECK(state(R"("Running":true,"Paused":true)") == container_state::paused);
  CHECK(state(R"("Running":true,"Restarting":true)") == container_state::exited);
  CHECK(state(R"("Running":false)") == container_state::created);
  CHECK(state(R"("Running":false,"StartedAt":"2026-11-22T06:39:02Z")") == container_state::exited);
}

TEST_CASE("docker json: events of other things are not ours") {
  for (const char* line :
       {R"({"Type":"network","Action":"create","Actor":{"ID":"a1","Attributes":{}}})",
        R"({"Type":"container","Action":"exec_create: sh","Actor":{"ID":"a1","Attributes":{}}})",
        R"({"Type":"container","Action":"kill","Actor":{"ID":"a1","Attributes":{}}})",
        R"({"Type":"container","Action":"start","Actor":{"ID":"../../x","Attributes":{}}})",
        "{}"}) {
    CAPTURE(line);
    auto event = parse_docker_event(line);
    REQUIRE(event);
    CHECK_FALSE(*event);
  }
}

TEST_CASE("docker json: restarting, removing and dead containers have no process") {
  for (const char* status : {"restarting", "removing", "dead", "exited"})
    CHECK(inspected(R"({"Id":"a1","State":{"Status":")" + std::string{status} + R"("}})").state
          == container_state::exited);
  CHECK(inspected(R"({"Id":"a1","State":{"Status":"paused","Pid":4}})").state
        == container_state::paused);
}

TEST_CASE("docker json: a pause container is a sandbox") {
  CHECK(inspected(R"({"Id":"a","Config":{"Labels":{"io.kubernetes.docker.type":"podsandbox"}}})")
            .sandbox);
  CHECK(inspected(R"({"Id":"a","Config":{"Labels":{"io.kubernetes.container.name":"POD"}}})")
            .sandbox);
}

TEST_CASE("docker json: fields of a wrong type are left out, the others count") {
  const auto x = inspected(
      R"({"Name":["/a"],"Id":"a1","Created":7,"Image":null,"RestartCount":-1,
          "State":{"Status":5,"Pid":-3,"ExitCode":"x","StartedAt":[[]],"OOMKilled":"yes"},
          "Config":{"Labels":{"a":1,"b":"2","c":{"d":[]}},"Image":"img"}})");
  CHECK(x.name.empty());
  CHECK(x.pid == 0);
  CHECK(x.restarts == 0);
  CHECK(x.state == container_state::unknown);
  CHECK(x.image == "img");
  CHECK(x.labels.at("b") == "2");
  CHECK(inspected(R"({"Id":"a1","State":[],"Config":{"Labels":null}})").labels.empty());
  CHECK(inspected(R"({"Id":"a1","State":null,"Config":"none"})").id == "a1");
}

TEST_CASE("docker json: what is not docker's is garbage") {
  for (const char* text :
       {"", " ", "null", "[]", "{}", "5", "<html>", R"({"Id":""})", R"({"Id":"a1"}{)",
        R"({"Id":"a1","State":{"Status":"running")", "\xff\xfe"}) {
    CAPTURE(text);
    auto answer = parse_docker_container(text);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ec::runtime_garbage);
    CHECK_FALSE(answer.error().message.empty());
  }
  CHECK_FALSE(parse_docker_list("{}"));
  CHECK_FALSE(parse_docker_list("[5]"));
  CHECK_FALSE(parse_docker_list("[{}]"));
  CHECK_FALSE(parse_docker_version("{}"));
  CHECK_FALSE(parse_docker_event("[1]"));
}

TEST_CASE("docker json: no truncation of a real answer passes for a whole one") {
  const auto inspect = recorded("docker_inspect_running.json");
  for (size_t size = 0; size < inspect.find_last_of('}'); ++size)
    CHECK_FALSE(parse_docker_container(inspect.substr(0, size)));
  const auto list = recorded("docker_list.json");
  for (size_t size = 0; size < list.find_last_of(']'); ++size)
    CHECK_FALSE(parse_docker_list(list.substr(0, size)));
  const auto events = recorded("docker_events.jsonl");
  const auto line = events.substr(0, events.find('\n'));
  for (size_t size = 0; size < line.size(); ++size)
    CHECK_FALSE(parse_docker_event(line.substr(0, size)));
}

TEST_CASE("docker json: no flipped byte of a real answer does harm") {
  const auto text = recorded("docker_inspect_running.json");
  size_t understood = 0;
  for (size_t i = 0; i < text.size(); ++i)
    for (char byte : {'\0', '"', '{', ']', '\\', '\xff'}) {
      auto broken = text;
      broken[i] = byte;
      understood += parse_docker_container(broken) ? 1 : 0;
    }
  CHECK(understood > 0); // Most bytes stand in fields that nobody reads.
}

TEST_CASE("docker json: deep nesting is no problem") {
  const std::string deep(200'000, '[');
  CHECK_FALSE(parse_docker_container(R"({"Id":"a1","x":)" + deep));
  CHECK_FALSE(parse_docker_list(deep));
}

TEST_CASE("docker json: labels are bounded in number and size") {
  std::string labels;
  for (int i = 0; i < 20'000; ++i)
    labels += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"" + std::string(50, 'x') + '"';
  const auto many = inspected(R"({"Id":"a1","Config":{"Labels":{)" + labels + "}}}");
  CHECK(many.labels.size() == runtime_bounds::labels);
  const auto large =
      inspected(R"({"Id":"a1","Name":"/)" + std::string(100'000, 'n')
                + R"(","Config":{"Labels":{"k":")" + std::string(100'000, 'v') + R"("}}})");
  CHECK(large.name.size() == runtime_bounds::name_bytes);
  CHECK(large.labels.at("k").size() == runtime_bounds::label_value_bytes);
}

TEST_CASE("docker json: version and error message") {
  auto version = parse_docker_version(recorded("docker_version.json"));
  REQUIRE(version);
  CHECK(*version == "20.10.24+dfsg1");
  CHECK(parse_docker_error(R"({"message":"No such container: x"})") == "No such container: x");
  CHECK(parse_docker_error("<html>").empty());
}
