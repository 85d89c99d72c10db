// SPDX-License-Identifier: Apache-2.0
#include "actors/console/container_listing.hpp"
#include "actors/console/process_cgroups.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

const std::string id = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";

container_metadata make(runtime_kind runtime, const std::string& name, container_state state) {
  container_metadata metadata;
  metadata.runtime = runtime;
  metadata.id = name + id.substr(name.size());
  metadata.name = name;
  metadata.state = state;
  return metadata;
}

runtime_status endpoint(runtime_kind kind, bool present, bool answering, std::string message = "") {
  runtime_status status;
  status.endpoint = {kind, "/run/x.sock"};
  status.present = present;
  status.answering = answering;
  status.error = answering ? ec::none : ec::runtime_unreachable;
  status.message = std::move(message);
  return status;
}

std::vector<std::string> names_of(const std::vector<list_row>& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows)
    names.push_back(row.metadata.name);
  return names;
}

runtime_listing example() {
  runtime_listing listing;
  listing.containers = {make(runtime_kind::docker, "web", container_state::running),
                        make(runtime_kind::docker, "gone", container_state::exited),
                        make(runtime_kind::docker, "held", container_state::paused),
                        make(runtime_kind::docker, "new", container_state::created),
                        make(runtime_kind::docker, "pause", container_state::running)};
  listing.containers.back().sandbox = true;
  return listing;
}

using names = std::vector<std::string>;

} // namespace

TEST_CASE("listing: running and paused ones, with --all every one, never a pod's sandbox") {
  const auto rows = rows_of(example());
  CHECK(rows[0].identity.container_id == "/docker/gone");
  CHECK(names_of(rows_in_scope(rows, {}, false, {})) == names{"held", "web"});
  CHECK(names_of(rows_in_scope(rows, {}, true, {})) == names{"gone", "held", "new", "web"});
}

TEST_CASE("listing: the scope holds, by pid too") {
  auto listing = example();
  listing.containers[0].pid = 77;
  const auto rows = rows_of(listing);
  selector scope;
  scope.containers = {"web"};
  CHECK(names_of(rows_in_scope(rows, scope, true, {})) == names{"web"});
  scope = {};
  scope.pids = {77};
  CHECK(names_of(rows_in_scope(rows, scope, true, {})) == names{"web"});
  scope.pids = {78};
  CHECK(rows_in_scope(rows, scope, true, {}).empty());
  CHECK(names_of(rows_in_scope(rows, scope, true, {rows[1].metadata.id})) == names{"held"});
}

TEST_CASE("listing: who does not answer is named, who is absent only when asked for") {
  settings config;
  const std::vector<runtime_status> endpoints{
      endpoint(runtime_kind::docker, true, false, "cannot read it\x1b: join group docker"),
      endpoint(runtime_kind::containerd, false, false),
      endpoint(runtime_kind::containerd, true, true)};
  CHECK(describe_silent(endpoints, config) == names{"cannot read it\\x1b: join group docker"});
  config.containerd_sockets = {"/run/x.sock"};
  CHECK(describe_silent(endpoints, config).size() == 2);
  CHECK(any_answered(endpoints));
  CHECK_FALSE(any_answered({endpoints[0]}));
}

TEST_CASE("process: its containers are read from its cgroup file") {
  CHECK(container_ids_in("12:memory:/docker/" + id + "\n4:pids:/docker/" + id + "\n0::/\n")
        == names{id});
  CHECK(container_ids_in("0::/system.slice/docker-" + id + ".scope\n") == names{id});
  for (const auto* odd : {"", "\n\n", "0", "0:", "0::", "a:b", ":::", "0::/user.slice"})
    CHECK(container_ids_in(odd).empty());
}
