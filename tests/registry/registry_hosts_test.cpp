// SPDX-License-Identifier: Apache-2.0

// What is no runtime's container: units, slices, machines, processes that stand alone.

#include "tests/registry/registry_world.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(registry_world, "registry: a unit has its name at once, and systemd is asked") {
  start_reader();
  find(10, "/system.slice/nginx.service");
  CHECK(containers[1].id() == "/system.slice/nginx.service");
  CHECK(containers[1].named[0].metadata.runtime == runtime_kind::systemd);
  CHECK(containers[1].named[0].metadata.state == container_state::running);
  REQUIRE(metadata.asked.size() == 1);
  CHECK(metadata.asked[0].identity.id == "/system.slice/nginx.service");

  remove(10);
  CHECK(containers[1].named.back().metadata.state == container_state::exited);
  find(11, "/system.slice/nginx.service");
  CHECK(containers.size() == 1);
  CHECK(containers[1].restarts() == 1);
  CHECK(containers[1].named.back().metadata.state == container_state::running);
  CHECK(metadata.asked.size() == 1); // The question stands.
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: what systemd says of a unit is told on, its name is not "
                  "systemd's to change") {
  start_reader();
  find(10, "/system.slice/nginx.service");
  container_metadata answer;
  answer.runtime = runtime_kind::systemd;
  answer.id = "/system.slice/nginx.service";
  answer.name = "other.service";
  answer.systemd_type = "notify";
  answer.systemd_triggered_by = "nginx.socket";
  answer.state = container_state::running;
  answer.pid = 77;
  resolve(metadata.asked[0].key, answer);
  CHECK(containers[1].id() == "/system.slice/nginx.service");
  CHECK(containers[1].named.back().metadata.systemd_type == "notify");
  CHECK(containers[1].named.back().metadata.pid == 77);

  remove(10);
  resolve(metadata.asked[0].key, answer, true); // systemd unloads what has stopped.
  find(11, "/system.slice/nginx.service");
  CHECK(metadata.asked.size() == 2); // It may be another one under this name.
  CHECK(containers.size() == 1);
}

TEST_CASE_FIXTURE(registry_world, "registry: LXC and nspawn have nobody to ask") {
  start_reader();
  find(10, "/lxc.payload.web");
  find(11, "/machine.slice/machine-deb.scope");
  CHECK(containers[1].id() == "/lxc/web");
  CHECK(containers[2].id() == "/machine/deb");
  CHECK(metadata.asked.empty());
}

TEST_CASE("registry: a user's slice is one container, where sessions are wanted") {
  registry_world world;
  world.options.sessions = true;
  world.start_registry();
  world.start_reader();
  world.find(10, "/user.slice");
  world.find(11, "/user.slice/user-1000.slice");
  world.find(12, "/user.slice/user-1000.slice/session-1.scope");
  world.find(13, "/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service");
  world.find(14, "/user.slice/user-0.slice");
  REQUIRE(world.containers.size() == 2);
  CHECK(world.containers[1].id() == "/user.slice/user-1000.slice");
  CHECK(world.containers[1].joined.size() == 3);
  CHECK(world.containers[1].restarts() == 0);
  CHECK(world.containers[2].id() == "/user.slice/user-0.slice");
  CHECK(world.reader.ignored == std::vector<cgroup_id>{10});
  CHECK(world.metadata.asked.empty());

  // A container of the user's own is another one, and not a part of the session.
  const auto podman = "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id_a
                      + ".scope/container";
  world.find(15, podman);
  REQUIRE(world.containers.size() == 3);
  CHECK(world.metadata.asked.size() == 1);

  for (cgroup_id id : {11, 12, 13})
    world.remove(id);
  CHECK(world.containers[1].named.back().metadata.state == container_state::exited);
}

TEST_CASE("registry: units are ignored where they are not wanted") {
  registry_world world;
  world.options.services = false;
  world.start_registry();
  world.start_reader();
  world.find(10, "/system.slice/nginx.service");
  CHECK(world.containers.empty());
  CHECK(world.reader.ignored == std::vector<cgroup_id>{10});
}

TEST_CASE("registry: processes that stand alone are a container a name, where that is wanted") {
  registry_world world;
  world.options.standalone = true;
  world.start_registry();
  world.start_reader();
  world.find(1, "/");
  world.find(2, "/system");
  world.find(3, "/kubepods/besteffort");
  CHECK(world.reader.standalone == std::vector<cgroup_id>{1, 2, 3});
  world.find(4, "/kubepods/burstable/pod0f3e9b52-6c1d-4a8b-9d27-1f5e7c0a4b61");
  world.find(5, "/machine.slice/libpod-conmon-" + id_a + ".scope");
  CHECK(world.reader.standalone.size() == 3);
  CHECK(world.reader.ignored.size() == 5);

  const auto made_up = standalone_bit | 7;
  world.find(made_up, "standalone/a/b\n");
  CHECK(world.containers[1].id() == "/standalone/a_b_");
  CHECK(world.reader.routes.at(made_up) == 1);
  CHECK(world.metadata.asked.empty());

  // A directory of this name is not it, whoever made it.
  world.find(8, "/standalone/a_b_");
  CHECK(world.containers[1].joined.size() == 1);

  // A walk does not find it, and that says nothing.
  world.self->send(world.registry, world.reader.handle);
  world.run();
  CHECK(world.containers[1].left.empty());
  world.remove(made_up);
  CHECK(world.containers[1].left.size() == 1);
  CHECK(world.containers[1].named.back().metadata.state == container_state::exited);
}

TEST_CASE("registry: what a reader made up is gone with it") {
  registry_world world;
  world.options.standalone = true;
  world.start_registry();
  world.start_reader();
  world.find(standalone_bit | 7, "standalone/sshd");
  world.start_reader();
  CHECK(world.containers[1].left.size() == 1);
  world.find(standalone_bit | 8, "standalone/sshd");
  CHECK(world.containers.size() == 1);
  CHECK(world.containers[1].restarts() == 1);
}
