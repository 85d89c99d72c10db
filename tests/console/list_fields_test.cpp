// SPDX-License-Identifier: Apache-2.0
#include "actors/console/field_selection.hpp"
#include "actors/console/list_fields.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

list_row make_row(const std::string& name, container_state state) {
  list_row row;
  row.identity.container_id = "/docker/" + name;
  row.metadata.runtime = runtime_kind::docker;
  row.metadata.id = std::string(64, 'a') + name;
  row.metadata.name = name;
  row.metadata.state = state;
  row.metadata.image = "nginx:1";
  return row;
}

std::string rendered(const std::vector<list_row>& rows, output_format format,
                     std::string_view request = "") {
  std::string error;
  const auto chosen = *select_fields(infos_of(list_fields()), request, format, error);
  return render_list(rows, {format, chosen, !request.empty(), true}, std::nullopt);
}

} // namespace

TEST_CASE("list: JSON says null for what is not, and keeps numbers numbers") {
  auto row = make_row("web", container_state::exited);
  row.metadata.exit_code = 137;
  row.metadata.finished_ns = 1'700'000'000'000'000'000;
  CHECK(rendered({row}, output_format::json,
                 "container_id,state,pid,started,finished,exit_code,restarts,labels,namespace,pod")
        == "[\n"
           R"({"container_id":"/docker/web","state":"exited","pid":0,"started":null,)"
           R"("finished":"2023-11-14T22:13:20.000000000Z","exit_code":137,"restarts":0,)"
           R"("labels":{},"namespace":null,"pod":null})"
           "\n]\n");
  CHECK(rendered({}, output_format::json) == "[]\n");
  CHECK(rendered({}, output_format::yaml) == "[]\n");
}

TEST_CASE("list: columns say what an eye wants") {
  auto row = make_row("web", container_state::exited);
  row.metadata.exit_code = 3;
  row.metadata.id = std::string(64, 'b');
  CHECK(rendered({row}, output_format::columns, "container_id,runtime_id,state,pid,started")
        == "CONTAINER    ID            STATE       PID  STARTED\n"
           "/docker/web  bbbbbbbbbbbb  exited (3)    -        -\n");
  row.metadata.oom_killed = true;
  CHECK(rendered({row}, output_format::columns, "state").ends_with("exited (oom)\n"));
}

TEST_CASE("list: changes are states, renames and removals; nothing for what stays") {
  const auto web = make_row("web", container_state::running);
  const auto gone = make_row("gone", container_state::running);
  auto paused = web;
  paused.metadata.state = container_state::paused;
  auto renamed = web;
  renamed.identity.container_id = "/docker/www";
  auto relabelled = web;
  relabelled.metadata.labels["a"] = "b";

  CHECK(changes_between({web}, {web}).empty());
  const auto changes =
      changes_between({web, gone}, {paused, make_row("new", container_state::created)});
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].change == "removed");
  CHECK(changes[0].row.metadata.name == "gone");
  CHECK(changes[1].change == "created");
  CHECK(changes[2].change == "paused");
  CHECK(changes_between({web}, {renamed}).front().change == "renamed");
  CHECK(changes_between({web}, {relabelled}).front().change == "changed");
}

TEST_CASE("list: the same name in two namespaces is two containers") {
  auto one = make_row("web", container_state::running);
  auto two = one;
  one.metadata.name_space = "a";
  two.metadata.name_space = "b";
  CHECK(changes_between({one}, {one, two}).size() == 1);
}
