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

TEST_CASE_FIXTURE(registry_world,
                  "registry: containers know whom to ask where connections go, also a new one") {
  start_reader();
  find(10, "/docker/" + std::string(64, 'a'));
  REQUIRE(containers.size() == 1);
  const auto& notes = containers.begin()->second;
  CHECK(notes.translator == caf::actor_cast<translator_actor>(host));
  const auto successor = spawn_host();
  self->send(registry, successor);
  run();
  CHECK(notes.translator == caf::actor_cast<translator_actor>(successor));
}

TEST_CASE_FIXTURE(registry_world, "registry: where that is switched off they know nobody") {
  options.nat = false;
  start_registry();
  start_reader();
  find(10, "/docker/" + std::string(64, 'a'));
  REQUIRE(containers.size() == 1);
  CHECK_FALSE(containers.begin()->second.translator);
}
