// SPDX-License-Identifier: Apache-2.0
#include "actors/console/process_fields.hpp"
#include "actors/console/process_owners.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

const std::string id = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";

container_metadata make(runtime_kind runtime, std::string id_there, std::string name) {
  container_metadata metadata;
  metadata.runtime = runtime;
  metadata.id = std::move(id_there);
  metadata.name = std::move(name);
  metadata.state = container_state::running;
  return metadata;
}

process_info process(uint32_t pid, std::string cgroup_path) {
  process_info result;
  result.id = {pid, pid * 1'000'000'000ULL};
  result.comm = "p" + std::to_string(pid);
  result.cgroup_path = std::move(cgroup_path);
  result.state = 'S';
  return result;
}

std::string owner_of(process_owners& owners, std::string cgroup_path) {
  const auto* owner = owners.find(process(7, std::move(cgroup_path)));
  return owner == nullptr ? "none" : owner->identity.container_id;
}

constexpr cgroup_container_choice no_services{false, false};
constexpr cgroup_container_choice all_services{true, true};

} // namespace

TEST_CASE("process owners: the runtime's name, and the cgroup's where no runtime told") {
  process_owners owners{{make(runtime_kind::docker, id, "web")}, no_services};
  CHECK(owner_of(owners, "/docker/" + id) == "/docker/web");
  CHECK(owner_of(owners, "/docker/" + id + "/inner.slice") == "/docker/web");
  CHECK(owner_of(owners, "/docker/" + std::string(64, 'f')) == "/docker/ffffffffffff");
  CHECK(owner_of(owners, "/lxc.payload.box") == "/lxc/box");
  CHECK(owner_of(owners, "/") == "none");
  CHECK(owner_of(owners, "") == "none");
  CHECK(owner_of(owners, "/some/where") == "none"); // A guess that nobody confirmed.
}

TEST_CASE("process owners: the same id in two namespaces of containerd is two containers") {
  auto first = make(runtime_kind::containerd, "web", "");
  first.name_space = "ns1";
  auto second = first;
  second.name_space = "ns2";
  process_owners owners{{first, second}, no_services};
  CHECK(owner_of(owners, "/ns1/web") == "/containerd/ns1/web");
  CHECK(owner_of(owners, "/ns2/web") == "/containerd/ns2/web");
}

TEST_CASE("process owners: services only where they are asked for, the kernel's never") {
  process_owners without{{}, no_services};
  process_owners with{{}, all_services};
  CHECK(owner_of(without, "/system.slice/nginx.service") == "none");
  CHECK(owner_of(with, "/system.slice/nginx.service") == "/system.slice/nginx.service");
  auto of_kernel = process(3, "/system.slice/nginx.service");
  of_kernel.of_kernel = true;
  process_owners again{{}, all_services};
  CHECK(again.find(of_kernel) == nullptr);
}

TEST_CASE("process owners: the main process is the one that the runtime names, else the oldest") {
  list_row row;
  const std::vector<process_info> processes{process(9, "/x"), process(4, "/x"), process(5, "/x")};
  CHECK(main_process(row, processes)->id.pid == 4);
  row.metadata.pid = 5;
  CHECK(main_process(row, processes)->id.pid == 5);
  row.metadata.pid = 77; // Ended.
  CHECK(main_process(row, processes)->id.pid == 4);
  CHECK_FALSE(main_process(row, {}));
}

TEST_CASE("ps: columns, by container and pid; those of no container last") {
  list_row web{{}, make(runtime_kind::docker, id, "web")};
  web.identity.container_id = "/docker/web";
  auto first = process(12, "/x");
  first.arguments = {"nginx:", "master\n\x1b[2J"};
  first.parent = 1;
  first.user = 101;
  first.resident_bytes = 5U << 20;
  first.cpu_time_ns = 1'250'000'000;
  std::vector<process_row> rows{
      {nullptr, process(1, "/")}, {&web, process(40, "/x")}, {&web, first}};
  sort_by_container(rows);
  std::string error;
  output_options options;
  options.fields = *select_fields(infos_of(ps_fields()),
                                  "container_id,pid,ppid,uid,state,rss_bytes,"
                                  "cpu_time_ns,argv",
                                  output_format::columns, error);
  CHECK(render_processes(rows, options, std::nullopt)
        == "CONTAINER    PID  PPID  UID  STATE        RSS    CPU  COMMAND\n"
           "/docker/web   12     1  101  sleeping  5.0MiB  1.25s  nginx: master\\n\\x1b[2J\n"
           "/docker/web   40     0    0  sleeping      0B     0s  [p40]\n"
           "-              1     0    0  sleeping      0B     0s  [p1]\n");
}

TEST_CASE("ps: JSON has null for a process of no container, and every field its type") {
  std::string error;
  output_options options;
  options.format = output_format::json;
  options.fields = *select_fields(infos_of(ps_fields()),
                                  "container_id,runtime_id,pod,pid,threads,comm,argv,cgroup",
                                  options.format, error);
  CHECK(render_processes({{nullptr, process(1, "/x")}}, options, std::nullopt)
        == "[\n"
           R"({"container_id":null,"runtime_id":null,"pod":null,"pid":1,"threads":0,)"
           R"("comm":"p1","argv":[],"cgroup":"/x"})"
           "\n]\n");
}

TEST_CASE("ps: every state of proc(5) has a name") {
  for (const char state : {'R', 'S', 'D', 'T', 't', 'Z', 'X', 'I'})
    CHECK(process_state_name(state) != "unknown");
  CHECK(process_state_name('?') == "unknown");
}
