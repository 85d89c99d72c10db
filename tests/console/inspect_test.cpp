// SPDX-License-Identifier: Apache-2.0
#include "actors/console/escape.hpp"
#include "actors/console/inspect_fields.hpp"
#include "actors/console/inspect_target.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <sstream>
#include <yaml-cpp/yaml.h>

using namespace troupe;

namespace {

const std::string id = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";

list_row make(runtime_kind runtime, const std::string& name, std::string id_there = id) {
  list_row row;
  row.identity.container_id = '/' + std::string{to_string(runtime)} + '/' + name;
  row.identity.app_id = row.identity.container_id;
  row.identity.container = name;
  row.metadata.runtime = runtime;
  row.metadata.id = std::move(id_there);
  row.metadata.name = name;
  row.metadata.state = container_state::running;
  return row;
}

inspection example() {
  inspection x;
  x.container = make(runtime_kind::docker, "web");
  x.container.metadata.labels = {{"com.docker.compose.project", "shop"},
                                 {"evil", "a\n\x1b[2Jb \"quoted\""}};
  x.container.metadata.exit_code = 0;
  auto details = std::make_shared<container_details>();
  details->command = {"nginx", "-g", "daemon off;"};
  details->environment = {"PASSWORD=secret=1", "EMPTY=", "NO_VALUE"};
  details->mounts = {{"bind", "/srv", "/data", true}};
  details->limits.memory_bytes = 64U << 20;
  details->limits.cpu_millicores = 1500;
  details->namespaces = {{"net", "container:abc"}};
  x.container.metadata.details = details;
  x.cgroup = inspected_cgroup{"/docker/" + id, 1, {64U << 20, 1U << 20, 1500, 50, 2}};
  x.namespaces = {{{"net", 4026532, {"host", "/docker/proxy"}}, "container:abc"}};
  socket_info socket;
  socket.state = 1;
  socket.local = "10.0.0.2:80";
  socket.remote = "10.0.0.9:1234";
  socket.has_totals = true;
  socket.bytes_sent = 2048;
  socket.rtt_ns = 1'500'000;
  x.connections = {{socket, 12, "nginx"}};
  return x;
}

output_options options_of(output_format format, std::string_view fields = "") {
  output_options options;
  std::string error;
  options.format = format;
  options.fields = *select_fields(inspect_infos(), fields, format, error);
  return options;
}

std::string found(const std::string& target, const std::vector<list_row>& rows) {
  process_owners nobody{{}, {}};
  std::string error;
  const auto row = find_target(target, rows, process_groups{{}, nobody}, error);
  return row ? row->metadata.id : error;
}

} // namespace

TEST_CASE("inspect: columns have headings, aligned names and tables") {
  const auto text = render_inspections(
      {example()},
      options_of(output_format::columns, "container_id,exit_code,compose_project,labels,command,"
                                         "environment,limits,mounts,namespaces,connections"),
      std::nullopt);
  CHECK(text
        == "Container\n"
           "  container_id     /docker/web\n"
           "  exit_code        0\n"
           "\n"
           "Workload\n"
           "  compose_project  shop\n"
           "  labels           com.docker.compose.project=shop\n"
           "                   evil=a\\n\\x1b[2Jb \"quoted\"\n"
           "\n"
           "Started as\n"
           "  command          nginx -g daemon off;\n"
           "  environment      PASSWORD=***\n"
           "                   EMPTY=***\n"
           "                   NO_VALUE\n"
           "\n"
           "Limits\n"
           "   MEMORY  CPUS  SHARES  PIDS  CPUSET\n"
           "  64.0MiB   1.5       -     -  -\n"
           "\n"
           "Mounts\n"
           "  TYPE  ACCESS  DESTINATION  SOURCE\n"
           "  bind  ro      /data        /srv\n"
           "\n"
           "Namespaces\n"
           "  KIND    INODE  ASKED          SHARED WITH\n"
           "  net   4026532  container:abc  host and 1 more\n"
           "\n"
           "Connections\n"
           "  PROTOCOL  LOCAL        PEER           STATE          SENT  RECEIVED     RTT  "
           "RETRANSMITS  PID  COMM\n"
           "  tcp       10.0.0.2:80  10.0.0.9:1234  established  2.0KiB        0B  1.50ms  "
           "          0   12  nginx\n");
}

TEST_CASE("inspect: values of the environment only when asked") {
  auto x = example();
  const auto options = options_of(output_format::json, "environment");
  CHECK(render_inspections({x}, options, std::nullopt)
        == "[\n{\"environment\":[\"PASSWORD=***\",\"EMPTY=***\",\"NO_VALUE\"]}\n]\n");
  x.environment = true;
  CHECK(render_inspections({x}, options, std::nullopt)
        == "[\n{\"environment\":[\"PASSWORD=secret=1\",\"EMPTY=\",\"NO_VALUE\"]}\n]\n");
}

TEST_CASE("inspect: JSON and YAML have the same structure; what is not known is null") {
  const auto json = render_inspections({example(), {}}, options_of(output_format::json), {});
  simdjson::dom::parser parser;
  simdjson::dom::element all;
  REQUIRE(parser.parse(json).get(all) == simdjson::SUCCESS);
  CHECK(std::string_view{all.at(0)["cgroup"]["path"]} == "/docker/" + id);
  CHECK(uint64_t{all.at(0)["cgroup"]["version"]} == 1);
  CHECK(uint64_t{all.at(0)["limits"]["cpu_millicores"]} == 1500);
  CHECK(all.at(0)["limits"]["pids"].is_null());
  CHECK(bool{all.at(0)["mounts"].at(0)["read_only"]});
  CHECK(std::string_view{all.at(0)["connections"].at(0)["peer"]} == "10.0.0.9:1234");
  CHECK(uint64_t{all.at(0)["connections"].at(0)["rtt_ns"]} == 1'500'000);
  CHECK(all.at(0)["processes"].get_array().size() == 0);
  for (const auto* name : {"mounts", "limits", "cgroup", "command", "health"})
    CHECK_MESSAGE(all.at(1)[name].is_null(), name);
  const auto yaml =
      YAML::Load(render_inspections({example(), {}}, options_of(output_format::yaml), {}));
  REQUIRE(yaml.size() == 2);
  CHECK(yaml[0]["connections"][0]["bytes_sent"].as<int>() == 2048);
  CHECK(yaml[0]["labels"]["evil"].as<std::string>() == "a\n\x1b[2Jb \"quoted\"");
  CHECK(yaml[1]["mounts"].IsNull());
}

TEST_CASE("inspect: no line is wider than the terminal, and nothing hostile reaches it") {
  auto x = example();
  x.container.metadata.labels["long"] = std::string(10'000, 'x');
  x.container.metadata.name = "\x1b]0;title\x07";
  std::istringstream lines{render_inspections({x}, options_of(output_format::wide), 60)};
  for (std::string line; std::getline(lines, line);) {
    CHECK_MESSAGE(display_width(line) <= 60, line);
    CHECK(line.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("inspect: --list tells every field, those of rows too") {
  const auto text = describe_inspect_fields();
  for (const auto* name :
       {"container_id ", "mounts.source ", "connections.rtt_ns ", "cgroup.memory_max_bytes ",
        "processes.argv ", "namespaces.shared_with "})
    CHECK_MESSAGE(text.find(name) != std::string::npos, name);
}

TEST_CASE("inspect: what a target means") {
  const std::string other(64, 'c');
  const std::vector<list_row> rows{make(runtime_kind::docker, "web"),
                                   make(runtime_kind::docker, "cart", other)};
  CHECK(found("web", rows) == id);
  CHECK(found("/docker/web", rows) == id);
  CHECK(found(id, rows) == id);
  CHECK(found("0a1b", rows) == id);
  CHECK(found("cccc", rows) == other);
  CHECK(found("wbe", rows) == "no container matches 'wbe' now; nearest: web");
  CHECK(found("7", rows) == "no container has a process 7, and none is named so");
  CHECK(found("", rows) == "'' names no container");
  CHECK(found("!web", rows) == "'!web' names no container");
}

TEST_CASE("inspect: a name of several says which; one that was started again is one") {
  auto first = make(runtime_kind::docker, "web");
  auto second = make(runtime_kind::podman, "web", std::string(64, 'c'));
  CHECK(found("web", {first, second})
        == "'web' is 2 containers: /docker/web (docker 0a1b2c3d4e5f), /podman/web (podman "
           "cccccccccccc); choose with its path, its id or -r");
  CHECK(found("/podman/web", {first, second}) == second.metadata.id);
  auto again = first; // A pod's container after a crash: the same name, another id.
  again.metadata.id = std::string(64, 'd');
  first.metadata.state = container_state::exited;
  first.metadata.created_ns = 2;
  again.metadata.created_ns = 1;
  CHECK(found("web", {first, again}) == again.metadata.id);
  again.metadata.state = container_state::exited;
  CHECK(found("web", {first, again}) == id);
}

TEST_CASE("inspect: a pid is its container's") {
  process_info process;
  process.id = {4711, 1};
  process.cgroup_path = "/docker/" + id;
  const auto web = make(runtime_kind::docker, "web");
  process_owners owners{{web.metadata}, {}};
  const process_groups groups{{process}, owners};
  std::string error;
  const auto row = find_target("4711", {web}, groups, error);
  REQUIRE(row);
  CHECK(row->metadata.id == id);
  CHECK(groups.of(web.metadata).size() == 1);
}
