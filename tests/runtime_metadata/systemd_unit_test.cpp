// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/systemd_unit.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace troupe;

namespace {

constexpr auto infinity = std::numeric_limits<uint64_t>::max();
const std::string id = "/system.slice/nginx.service";

unit_properties running_unit() {
  unit_properties unit;
  unit.texts = {{"Id", "nginx.service"},     {"Description", "A web server"},
                {"ActiveState", "active"},   {"SubState", "running"},
                {"FreezerState", "running"}, {"Result", "success"},
                {"Type", "notify"},          {"Restart", "on-failure"},
                {"ControlGroup", id},        {"User", "www-data"},
                {"WorkingDirectory", "/"},   {"FragmentPath", "/lib/systemd/system/nginx.service"}};
  unit.numbers = {{"MainPID", 77},
                  {"NRestarts", 3},
                  {"ExecMainStartTimestamp", 1'700'000'000'000'000},
                  {"MemoryMax", 64U << 20},
                  {"CPUQuotaPerSecUSec", 1'500'000},
                  {"TasksMax", infinity}};
  unit.lists = {{"TriggeredBy", {"nginx.service-notify.service", "nginx.socket"}},
                {"ExecStart", {"/usr/sbin/nginx", "-g", "daemon off;"}},
                {"Environment", {"A=b"}}};
  return unit;
}

unit_properties stopped_unit() {
  auto unit = running_unit();
  unit.texts["ActiveState"] = "failed";
  unit.texts["SubState"] = "failed";
  unit.texts["ControlGroup"] = "";
  unit.numbers["MainPID"] = 0;
  unit.numbers["ExecMainExitTimestamp"] = 1'700'000'005'000'000;
  unit.numbers["ExecMainCode"] = 1;
  unit.numbers["ExecMainStatus"] = 7;
  return unit;
}

} // namespace

TEST_CASE("unit: what runs, who starts it and what it may use") {
  const auto found = metadata_of_unit(running_unit(), id);
  CHECK(found.runtime == runtime_kind::systemd);
  CHECK(found.id == id);
  CHECK(found.name == "nginx.service");
  CHECK(found.state == container_state::running);
  CHECK(found.pid == 77);
  CHECK(found.started_ns == 1'700'000'000'000'000'000);
  CHECK(found.finished_ns == 0);
  CHECK_FALSE(found.exit_code);
  CHECK(found.restarts == 3);
  CHECK(found.systemd_type == "notify");
  CHECK(found.systemd_triggered_by == "nginx.socket");
  const auto& details = *found.details;
  CHECK(details.command == std::vector<std::string>{"/usr/sbin/nginx", "-g", "daemon off;"});
  CHECK(details.user == "www-data");
  CHECK(details.environment == std::vector<std::string>{"A=b"});
  CHECK(details.cgroup_path == id);
  CHECK(details.restart_policy == "on-failure");
  CHECK(details.limits.memory_bytes == 64U << 20);
  CHECK(details.limits.cpu_millicores == 1500);
  CHECK(details.limits.pids == 0);
  CHECK(details.annotations.at("Description") == "A web server");
  CHECK(details.annotations.at("FragmentPath") == "/lib/systemd/system/nginx.service");
}

TEST_CASE("unit: how it ended") {
  auto unit = stopped_unit();
  auto found = metadata_of_unit(unit, id);
  CHECK(found.state == container_state::exited);
  CHECK(found.pid == 0);
  CHECK(found.finished_ns == 1'700'000'005'000'000'000);
  CHECK(found.exit_code == 7);
  CHECK_FALSE(found.oom_killed);

  unit.numbers["ExecMainCode"] = 2; // Killed by a signal.
  unit.numbers["ExecMainStatus"] = 9;
  unit.texts["Result"] = "oom-kill";
  found = metadata_of_unit(unit, id);
  CHECK(found.exit_code == 137);
  CHECK(found.oom_killed);

  unit.numbers["ExecMainStatus"] = infinity; // Nothing that the kernel says.
  CHECK_FALSE(metadata_of_unit(unit, id).exit_code);
}

TEST_CASE("unit: its states") {
  const auto state = [](const char* active, const char* sub, uint64_t pid, uint64_t started) {
    auto unit = running_unit();
    unit.texts["ActiveState"] = active;
    unit.texts["SubState"] = sub;
    unit.numbers["MainPID"] = pid;
    unit.numbers["ExecMainStartTimestamp"] = started;
    return metadata_of_unit(unit, id).state;
  };
  CHECK(state("active", "running", 1, 5) == container_state::running);
  CHECK(state("active", "exited", 0, 5) == container_state::exited); // RemainAfterExit=
  CHECK(state("activating", "start", 1, 5) == container_state::running);
  CHECK(state("activating", "auto-restart", 0, 5) == container_state::exited);
  CHECK(state("activating", "start-pre", 0, 0) == container_state::created);
  CHECK(state("deactivating", "stop-post", 0, 5) == container_state::running);
  CHECK(state("reloading", "reload", 1, 5) == container_state::running);
  CHECK(state("inactive", "dead", 0, 0) == container_state::created);
  CHECK(state("failed", "failed", 0, 5) == container_state::exited);
  CHECK(metadata_of_unit({}, id).state == container_state::unknown);
  auto frozen = running_unit();
  frozen.texts["FreezerState"] = "frozen";
  CHECK(metadata_of_unit(frozen, id).state == container_state::paused);
}

TEST_CASE("unit: times that never were") {
  auto unit = running_unit();
  unit.numbers["ExecMainStartTimestamp"] = infinity;
  CHECK(metadata_of_unit(unit, id).started_ns == 0);
}

TEST_CASE("unit: the service that an id names") {
  CHECK(unit_of_container_id("/system.slice/nginx.service") == "nginx.service");
  CHECK(unit_of_container_id("/system.slice/a.slice/x@1.service") == "x@1.service");
  CHECK(unit_of_container_id("nginx.service") == "nginx.service");
  CHECK(unit_of_container_id("/system.slice") == "");
  CHECK(unit_of_container_id("/.service") == "");
  CHECK(unit_of_container_id("") == "");
  CHECK(unit_of_container_id("/" + std::string(256, 'a') + ".service") == "");
  CHECK(is_unit_container("/system.slice/nginx.service"));
  CHECK_FALSE(is_unit_container("nginx.service"));
  CHECK_FALSE(is_unit_container("/user.slice/user-1000.slice/user@1000.service"));
  CHECK_FALSE(is_unit_container("/machine.slice/systemd-nspawn@deb.service"));
}

TEST_CASE("unit: what happens to it, event by event") {
  unit_history history{1'700'000'000'000'000'000};
  const auto running = metadata_of_unit(running_unit(), id);
  auto event = history.changed("nginx.service", running);
  REQUIRE(event);
  CHECK(event->kind == runtime_event_kind::started);
  CHECK(event->time_ns == running.started_ns);
  CHECK(event->named);
  CHECK(history.id_of("nginx.service") == id);
  CHECK_FALSE(history.changed("nginx.service", running)); // Signals come in flocks.

  auto frozen = running;
  frozen.state = container_state::paused;
  CHECK(history.changed("nginx.service", frozen)->kind == runtime_event_kind::paused);
  CHECK(history.changed("nginx.service", running)->kind == runtime_event_kind::resumed);
  auto limited = running;
  limited.restarts = 4;
  CHECK(history.changed("nginx.service", limited)->kind == runtime_event_kind::updated);
  auto again = limited;
  again.pid = 78;
  CHECK(history.changed("nginx.service", again)->kind == runtime_event_kind::started);

  const auto stopped = metadata_of_unit(stopped_unit(), id);
  event = history.changed("nginx.service", stopped);
  CHECK(event->kind == runtime_event_kind::exited);
  CHECK(event->time_ns == stopped.finished_ns);
  event = history.removed("nginx.service");
  CHECK(event->kind == runtime_event_kind::removed);
  CHECK(event->metadata.exit_code == 7);
  CHECK_FALSE(history.removed("nginx.service"));
  CHECK(history.id_of("nginx.service").empty());
}

TEST_CASE("unit: who ran before we watched did not start now") {
  unit_history history{1'700'000'000'000'000'001};
  CHECK(history.changed("nginx.service", metadata_of_unit(running_unit(), id))->kind
        == runtime_event_kind::updated);
}
