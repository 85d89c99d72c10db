// SPDX-License-Identifier: Apache-2.0

#include "tests/registry/registry_world.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

bool contains(const std::vector<cgroup_id>& all, cgroup_id one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

TEST_CASE_FIXTURE(registry_world, "registry: a container exists before its name") {
  start_reader();
  find(10, docker_a);
  REQUIRE(containers.size() == 1);
  CHECK(reader.routes[10] == 1);
  REQUIRE(containers[1].joined.size() == 1);
  CHECK(containers[1].joined[0].cgroup == 10);
  CHECK_FALSE(containers[1].joined[0].restart);
  CHECK(containers[1].named.empty());
  REQUIRE(metadata.asked.size() == 1);
  CHECK(metadata.asked[0].identity.id == id_a);
  CHECK(status().provisional == 1);

  resolve(1, docker(id_a, "web"));
  CHECK(containers[1].id() == "/docker/web");
  CHECK_FALSE(containers[1].named.back().identity.provisional);
  CHECK(containers[1].named.back().metadata.state == container_state::running);
  CHECK(status().provisional == 0);
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: the container is told of its cgroup before the reader") {
  start_reader();
  self->send(registry, cgroup_found{10, docker_a, 1, true});
  run();
  send_batch(10, 3);
  run();
  CHECK(containers[1].joined.size() == 1);
  CHECK(containers[1].batches == std::vector<uint32_t>{3});
}

TEST_CASE_FIXTURE(registry_world, "registry: a container is named after it exited") {
  start_reader();
  find(10, docker_a);
  remove(10);
  REQUIRE(containers[1].left.size() == 1);
  CHECK(containers[1].left[0].time_ns == 2010);
  tick_after(1s);
  auto answer = docker(id_a, "web");
  answer.state = container_state::exited;
  resolve(1, answer, true);
  CHECK(containers[1].id() == "/docker/web");
  CHECK(containers[1].named.back().metadata.state == container_state::exited);
}

TEST_CASE_FIXTURE(registry_world, "registry: a cgroup below a container's belongs to it") {
  start_reader();
  find(10, docker_a);
  find(11, docker_a + "/init.scope");
  find(12, docker_a + "/system.slice/nginx.service");
  CHECK(containers.size() == 1);
  CHECK(reader.routes[11] == 1);
  CHECK(reader.routes[12] == 1);
  CHECK(containers[1].joined.size() == 3);
  CHECK(containers[1].restarts() == 0);
  CHECK(metadata.asked.size() == 1);
}

TEST_CASE_FIXTURE(registry_world, "registry: what is no container is ignored") {
  start_reader();
  find(1, "/");
  find(2, "/user.slice/user-0.slice/session-1.scope");
  find(3, "/init.scope");
  find(4, "/kubepods/besteffort");
  CHECK(containers.empty());
  CHECK(reader.ignored == std::vector<cgroup_id>{1, 2, 3, 4});
}

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

TEST_CASE_FIXTURE(registry_world, "registry: the fallback name does not wait for the common tick") {
  start_reader();
  find(10, docker_a);
  advance(options.fallback_name_after - 1s);
  find(11, docker_b);
  advance(1s - 1ms);
  CHECK(containers[1].named.empty());
  advance(1ms);
  CHECK(containers[1].id() == "/docker/aaaaaaaaaaaa");
  CHECK(containers[1].ticks == 0); // It is nobody else's tick.
  advance(options.fallback_name_after - 1s - 1ms);
  CHECK(containers[2].named.empty());
  advance(1ms);
  CHECK(containers[2].id() == "/docker/bbbbbbbbbbbb");
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: the fallback name comes after its time, the real one later") {
  start_reader();
  find(10, docker_a);
  tick_after(options.fallback_name_after - 1ms);
  CHECK(containers[1].named.empty());
  CHECK(status().unnamed == 1);
  tick_after(1ms);
  CHECK(containers[1].id() == "/docker/aaaaaaaaaaaa");
  CHECK(status().unnamed == 0);
  CHECK(containers[1].named.back().identity.provisional);
  CHECK(status().provisional == 1);

  resolve(1, docker(id_a, "web"));
  CHECK(containers[1].id() == "/docker/web");
  CHECK_FALSE(containers[1].named.back().identity.provisional);
}

TEST_CASE_FIXTURE(registry_world, "registry: a guess gets no fallback name") {
  start_reader();
  find(10, "/some/thing");
  auto sink = spawn([](snapshot_sink_actor::pointer) -> snapshot_sink_actor::behavior_type {
    return {[](const collected&) {
    }};
  });
  CHECK(ask<uint64_t>(registry, collect{1}, sink) == 1);
  CHECK(ask<registry_status>(registry, get_status{})->unnamed == 0);
  tick_after(options.fallback_name_after + 1s);
  CHECK(containers[1].named.empty());
  // By now it is no container as far as one can tell, and nobody waits for its name.
  CHECK(ask<uint64_t>(registry, collect{2}, sink) == 0);
  container_metadata answer;
  answer.runtime = runtime_kind::containerd;
  answer.id = "thing";
  answer.name_space = "some";
  resolve(1, answer);
  CHECK(containers[1].id() == "/containerd/some/thing");
  CHECK(ask<uint64_t>(registry, collect{3}, sink) == 1);
}

TEST_CASE("registry: without runtimes the fallback name is given at once") {
  registry_world world;
  world.options.runtimes_off = true;
  world.start_registry();
  world.start_reader();
  world.find(10, docker_a);
  CHECK(world.containers[1].id() == "/docker/aaaaaaaaaaaa");
  CHECK(world.metadata.asked.empty());
}

TEST_CASE_FIXTURE(registry_world, "registry: a renamed container gets its new name") {
  start_reader();
  find(10, docker_a);
  resolve(1, docker(id_a, "web"));
  resolve(1, docker(id_a, "shop"));
  CHECK(containers[1].id() == "/docker/shop");
  find(11, docker_b); // The old name is free for another container.
  resolve(2, docker(id_b, "web"));
  CHECK(containers[2].id() == "/docker/web");
  CHECK(containers[1].id() == "/docker/shop");
  CHECK(status().containers == 2);
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: a renamed container can have the name of one that is gone") {
  start_reader();
  find(10, docker_a);
  resolve(1, docker(id_a, "web"));
  find(11, docker_b);
  resolve(2, docker(id_b, "web-new"));
  remove(10);
  resolve(2, docker(id_b, "web"));
  CHECK(containers[2].id() == "/docker/web");
  CHECK(ended(containers[1].handle));
  CHECK(status().containers == 1);
}

TEST_CASE_FIXTURE(registry_world, "registry: an answer about another container is not believed") {
  start_reader();
  find(10, docker_a);
  resolve(1, docker(id_b, "web"));
  CHECK(containers[1].named.empty());
  resolve(77, docker(id_b, "web"));
  CHECK(status().containers == 1);
}

TEST_CASE_FIXTURE(registry_world, "registry: a pause container is ignored once it is known") {
  start_reader();
  const auto path = "/kubepods/pod6a0f2c3e-5b1d-4c8e-9f7a-0d2b4e6c8a10/" + id_a;
  find(10, path);
  CHECK(reader.routes[10] == 1);
  auto answer = docker(id_a, "k8s_POD");
  answer.sandbox = true;
  resolve(1, answer);
  CHECK(contains(reader.ignored, 10));
  CHECK(ended(containers[1].handle));
  CHECK(status().containers == 0);
  remove(10);
  tick_after(options.retire_after);
  CHECK(contains(reader.unrouted, 10));
}

TEST_CASE_FIXTURE(registry_world, "registry: a container is told when its cgroup was made") {
  start_reader();
  find(10, docker_a);
  find(11, docker_b, false); // A walk found it.
  CHECK(containers[1].joined[0].time_ns == 1010);
  CHECK(containers[2].joined[0].time_ns == 0);
}

TEST_CASE_FIXTURE(registry_world, "registry: a container that its runtime removed retires") {
  start_reader();
  find(10, docker_a);
  find(11, docker_a + "/init.scope");
  resolve(1, docker(id_a, "web"));
  resolve(1, docker(id_a, "web"), true);
  remove(11);
  remove(10);
  tick_after(options.retire_after - 1ms);
  CHECK_FALSE(ended(containers[1].handle));
  CHECK(status().containers == 1);
  tick_after(1ms);
  CHECK(ended(containers[1].handle));
  CHECK(contains(reader.unrouted, 10));
  CHECK(contains(reader.unrouted, 11));
  CHECK(metadata.abandoned == std::vector<container_key>{1});
  CHECK(status().containers == 0);
  CHECK(status().cgroups == 0);

  resolve(1, docker(id_a, "web")); // Too late: it leads nowhere.
  find(12, docker_a);
  CHECK(reader.routes[12] == 2);
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: a nested cgroup that went is forgotten before its container") {
  start_reader();
  find(10, docker_a);
  find(11, docker_a + "/init.scope");
  remove(11);
  tick_after(options.retire_after);
  CHECK(reader.unrouted == std::vector<cgroup_id>{11});
  CHECK_FALSE(ended(containers[1].handle));
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: collect reaches every container and is answered with their number") {
  start_reader();
  find(10, docker_a);
  find(11, docker_b);
  std::vector<uint64_t> scrapes;
  auto sink = spawn([&](snapshot_sink_actor::pointer) -> snapshot_sink_actor::behavior_type {
    return {[&](const collected& x) {
      scrapes.push_back(x.scrape_id);
    }};
  });
  CHECK(ask<uint64_t>(registry, collect{7}, sink) == 2);
  CHECK(scrapes == std::vector<uint64_t>{7, 7});
}

TEST_CASE_FIXTURE(registry_world, "registry: a tick reaches every container") {
  start_reader();
  find(10, docker_a);
  tick_after(1s);
  CHECK(containers[1].ticks == 1);
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: the path of an unknown cgroup is asked of the host, once") {
  start_reader();
  present.cgroups = {{10, docker_a, 5, false}};
  self->send(registry, cgroup_unknown{10});
  self->send(registry, cgroup_unknown{10});
  run();
  CHECK(reader.routes[10] == 1);
  CHECK(containers.size() == 1);
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: a cgroup that the host does not know is ignored and forgotten") {
  start_reader();
  self->send(registry, cgroup_unknown{10});
  run();
  CHECK(reader.ignored == std::vector<cgroup_id>{10});
  tick_after(options.retire_after);
  CHECK(reader.unrouted == std::vector<cgroup_id>{10});
}

TEST_CASE_FIXTURE(registry_world, "registry: a host that does not answer is asked again") {
  start_reader();
  host_answers = false;
  present.cgroups = {{10, docker_a, 5, false}};
  self->send(registry, cgroup_unknown{10});
  run();
  CHECK(reader.routes.empty());
  host_answers = true;
  tick_after(1s);
  CHECK(reader.routes[10] == 1);
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: a container cannot put its cgroups into another one's books") {
  start_reader();
  find(10, docker_a);
  find(11, docker_b);
  find(12, docker_a + "/docker/" + id_b); // made by a process in a
  CHECK(reader.routes[12] == 1);
  remove(11); // also not when the other one is gone
  find(13, docker_a + "/x/docker/" + id_b);
  CHECK(reader.routes[13] == 1);
}

TEST_CASE_FIXTURE(registry_world, "registry: a container within a container is one of its own") {
  start_reader();
  find(10, docker_a);
  find(11, docker_a + "/docker");
  find(12, docker_a + "/docker/" + id_b);
  CHECK(reader.routes[11] == 1);
  CHECK(reader.routes[12] == 2);
  remove(12);
  find(13, docker_a + "/docker/" + id_b); // restarted
  CHECK(reader.routes[13] == 2);
  CHECK(containers[2].restarts() == 1);
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: a cgroup that is removed during a walk is not brought back by it") {
  start_reader();
  present.cgroups = {{10, docker_a, 1, false}, {11, docker_b, 1, false}};
  self->send(registry, reader.handle);         // It lost events.
  self->send(registry, cgroup_removed{10, 2}); // Before the host says what it has seen.
  run();
  // What it did until then counts, and then it is as gone as others.
  CHECK(reader.routes.at(10) == 1);
  CHECK(reader.routes.at(11) == 2);
  CHECK(containers[1].left.size() == 1);
  CHECK(containers[2].left.empty());
  tick_after(options.retire_after);
  CHECK(ended(containers[1].handle));
  CHECK(status().cgroups == 1);
}

TEST_CASE_FIXTURE(registry_world,
                  "registry: a cgroup that was replaced during a walk does not end its successor") {
  start_reader();
  present.cgroups = {{10, docker_a, 1, false}};
  self->send(registry, reader.handle);
  self->send(registry, cgroup_removed{10, 2});
  self->send(registry, cgroup_found{11, docker_a, 3, true});
  run();
  CHECK(containers.size() == 1);
  CHECK(containers[1].joined.size() == 1);
  CHECK(containers[1].left.empty());
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
