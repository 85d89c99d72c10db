// SPDX-License-Identifier: Apache-2.0

// Restarts: of containers, and of the registry's neighbours.

#include "actors/registry/registry_table.hpp"
#include "tests/registry/registry_world.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const std::string pod_path = "/kubepods/pod6a0f2c3e-5b1d-4c8e-9f7a-0d2b4e6c8a10/";

container_metadata of_pod(const std::string& id, const std::string& pod) {
  container_metadata result;
  result.runtime = runtime_kind::containerd;
  result.id = id;
  result.labels = {{"io.kubernetes.pod.namespace", "shop"},
                   {"io.kubernetes.pod.name", pod},
                   {"io.kubernetes.container.name", "app"}};
  return result;
}

struct restarting_world : registry_world {
  /// cart-0's first container runs and ends, its second one runs.
  void restart_cart() {
    start_reader();
    find(10, pod_path + id_a);
    resolve(1, of_pod(id_a, "cart-0"));
    remove(10);
    find(11, pod_path + id_b);
  }
};

} // namespace

TEST_CASE_FIXTURE(restarting_world,
                  "restart: under a new id the old container adopts, and counts it once") {
  restart_cart();
  CHECK(reader.routes[11] == 2); // Nobody knows yet who it is.
  resolve(2, of_pod(id_b, "cart-0"));
  CHECK(reader.routes[11] == 1);
  CHECK(containers[1].announced == std::vector<container_key>{2});
  CHECK(containers[1].restarts() == 1);
  CHECK(containers[1].named.back().metadata.id == id_b);
  CHECK(containers[1].inheritances == 0);
  CHECK_FALSE(ended(containers[2].handle)); // The reader has not switched yet.
  confirm_routes();
  CHECK(containers[1].inheritances > 0);
  CHECK(ended(containers[2].handle));
  CHECK(status().containers == 1);
  CHECK(status().restarts_of_containers == 0);
}

TEST_CASE_FIXTURE(restarting_world, "restart: every batch reaches the container that adopts") {
  restart_cart();
  uint32_t sent = 0;
  const auto send_numbered = [&](container_actor to) {
    event_batch batch;
    batch.count = ++sent;
    self->send(to, std::move(batch), producer);
  };
  const auto provisional = containers[2].handle;
  for (int i = 0; i < 3; ++i)
    send_numbered(provisional);
  self->send(registry, container_resolved{2, of_pod(id_b, "cart-0"), false});
  for (int i = 0; i < 3; ++i)
    send_numbered(provisional); // The reader has not heard of it yet.
  run();
  for (int i = 0; i < 3; ++i)
    send_numbered(provisional); // On their way while it switches.
  send_numbered(reader.targets.at(11));
  confirm_routes();
  CHECK(ended(provisional));
  CHECK(containers[2].batches.size() == 9); // All that was sent to it is in the inheritance.
  CHECK(containers[1].batches == std::vector<uint32_t>{10});
}

TEST_CASE_FIXTURE(restarting_world,
                  "restart: a cgroup that is forgotten before its route is switched ends nothing") {
  options.retire_after = std::chrono::milliseconds{1};
  start_registry();
  restart_cart();
  find(12, pod_path + std::string(64, 'c')); // So that the container stays.
  resolve(3, of_pod(std::string(64, 'c'), "cart-0"));
  reader.unconfirmed.clear();
  remove(11);
  resolve(2, of_pod(id_b, "cart-0"));
  tick_after(std::chrono::seconds{1});
  CHECK(std::count(reader.unrouted.begin(), reader.unrouted.end(), 11) == 1);
  // The reader has not got as far, and may still send to it.
  CHECK_FALSE(ended(containers[2].handle));
  confirm_routes();
  CHECK(ended(containers[2].handle));
}

TEST_CASE_FIXTURE(restarting_world, "restart: nobody waits for a state that will not come") {
  restart_cart();
  resolve(2, of_pod(id_b, "cart-0"));
  SUBCASE("its container failed") {
    caf::anon_send_exit(containers[2].handle, caf::exit_reason::unhandled_exception);
    run();
    CHECK(containers[1].inheritances == 1);
    CHECK(containers[2].starts == 1);
  }
  SUBCASE("the one that adopts failed, and its successor waits in its place") {
    caf::anon_send_exit(containers[1].handle, caf::exit_reason::unhandled_exception);
    run();
    CHECK(containers[1].starts == 2);
    CHECK(containers[1].announced == std::vector<container_key>{2, 2});
    confirm_routes();
    CHECK(containers[1].inheritances > 0);
    CHECK(ended(containers[2].handle));
  }
  SUBCASE("the one that adopts is gone") {
    remove(11);
    resolve(2, of_pod(id_b, "cart-0"), true);
    tick_after(options.retire_after);
    CHECK(ended(containers[1].handle));
    CHECK(ended(containers[2].handle));
  }
}

TEST_CASE_FIXTURE(restarting_world,
                  "restart: the adopted runtime container is asked about from then on") {
  restart_cart();
  resolve(2, of_pod(id_b, "cart-0"));
  confirm_routes();
  CHECK(metadata.abandoned == std::vector<container_key>{1});
  auto update = of_pod(id_b, "cart-0");
  update.state = container_state::paused;
  resolve(2, update); // Its question keeps the key of the provisional container.
  CHECK(containers[1].named.back().metadata.state == container_state::paused);
  resolve(1, of_pod(id_a, "cart-0"), true); // About the former one: stale.
  CHECK(containers[1].named.back().metadata.id == id_b);
  remove(11);
  find(12, pod_path + id_b); // The runtime restarts the same container.
  CHECK(reader.routes[12] == 1);
  CHECK(containers[1].restarts() == 2);
}

TEST_CASE_FIXTURE(restarting_world,
                  "restart: a container that is gone before it is named is adopted too") {
  restart_cart();
  remove(11);
  resolve(2, of_pod(id_b, "cart-0"), true);
  confirm_routes();
  CHECK(ended(containers[2].handle));
  CHECK(containers[1].restarts() == 1);
  CHECK(containers[1].left.size() == 2);
  tick_after(options.retire_after);
  CHECK(ended(containers[1].handle));
  CHECK(status().cgroups == 0);
}

TEST_CASE_FIXTURE(restarting_world, "restart: with its own id a container goes on at once") {
  start_reader();
  find(10, docker_a);
  resolve(1, docker(id_a, "web"));
  remove(10);
  find(11, docker_a);
  CHECK(containers.size() == 1);
  CHECK(reader.routes[11] == 1);
  REQUIRE(containers[1].joined.size() == 2);
  CHECK(containers[1].joined[1].restart);
  CHECK(metadata.asked.size() == 1);
}

TEST_CASE_FIXTURE(restarting_world, "restart: a removal that got lost does not hide it") {
  start_reader();
  find(10, docker_a);
  find(11, docker_a); // The same path: the first one cannot be there any more.
  CHECK(containers[1].left.size() == 1);
  CHECK(containers[1].restarts() == 1);
}

TEST_CASE_FIXTURE(restarting_world,
                  "restart: a container made anew with its old id is asked about again") {
  start_reader();
  find(10, "/default/web");
  container_metadata answer;
  answer.runtime = runtime_kind::containerd;
  answer.id = "web";
  resolve(1, answer);
  remove(10);
  resolve(1, answer, true);
  find(11, "/default/web");
  CHECK(reader.routes[11] == 1);
  CHECK(containers[1].restarts() == 1);
  CHECK(metadata.asked.size() == 2);
}

TEST_CASE_FIXTURE(restarting_world, "restart: runs of a CronJob are no restarts") {
  start_reader();
  find(10, pod_path + id_a);
  resolve(1, of_pod(id_a, "backup-27843120-x2x4z"));
  CHECK(containers[1].id() == "/k8s-cronjob/shop/backup/app");
  remove(10);
  find(11, pod_path + id_b);
  resolve(2, of_pod(id_b, "backup-27843121-zvxq7"));
  CHECK(reader.routes[11] == 1);
  CHECK(containers[1].restarts() == 0);
}

TEST_CASE_FIXTURE(restarting_world,
                  "restart: a container within another one cannot adopt itself elsewhere") {
  start_reader();
  find(10, docker_a);
  resolve(1, docker(id_a, "web"));
  find(11, "/docker/" + std::string(64, 'c'));
  resolve(2, docker(std::string(64, 'c'), "evil"));
  find(12, "/docker/" + std::string(64, 'c') + "/docker/" + id_b);
  REQUIRE(reader.routes[12] == 3);
  resolve(3, docker(id_b, "web"));
  CHECK(reader.routes[12] == 3);
  CHECK(containers[3].named.empty());
  CHECK(containers[1].inheritances == 0);
}

TEST_CASE_FIXTURE(
    restarting_world,
    "failure: a container's actor that throws is started anew, the others do not notice") {
  start_reader();
  find(10, docker_a);
  find(11, docker_b);
  resolve(1, docker(id_a, "web"));
  const auto first = containers[1].handle;
  const auto other = containers[2].handle;
  send_batch(10, poison);
  run();
  CHECK(ended(first));
  CHECK(containers[1].starts == 2);
  CHECK(containers[1].joined.size() == 2);
  CHECK(containers[1].restarts() == 0);
  CHECK(containers[1].named.size() == 2); // It is told who it is.
  CHECK(reader.targets.at(10) == containers[1].handle);
  CHECK_FALSE(ended(other));
  CHECK(containers[2].starts == 1);
  CHECK(status().restarts_of_containers == 1);
  send_batch(10, 5);
  run();
  CHECK(containers[1].batches == std::vector<uint32_t>{5});
}

TEST_CASE_FIXTURE(
    restarting_world,
    "failure: a container that throws again and again is given up, until it restarts") {
  start_reader();
  find(10, docker_a);
  resolve(1, docker(id_a, "web"));
  for (uint32_t i = 0; i <= container_failures_max; ++i) {
    send_batch(10, poison);
    run();
  }
  CHECK(containers[1].starts == container_failures_max + 1);
  CHECK(reader.ignored == std::vector<cgroup_id>{10});
  remove(10);
  find(11, docker_a);
  CHECK(containers[1].starts == container_failures_max + 2);
  CHECK(reader.targets.at(11) == containers[1].handle);
  CHECK(containers[1].id() == "/docker/web");
}

TEST_CASE_FIXTURE(restarting_world,
                  "neighbours: a new reader gets every route, and gives rise to a walk") {
  start_reader();
  CHECK(walks == 1);
  CHECK(status().walked);
  find(10, docker_a);
  find(1, "/");
  present.cgroups = {{1, "/", 5, false}, {10, docker_a, 5, false}};

  caf::anon_send_exit(reader.handle, caf::exit_reason::kill);
  run();
  CHECK_FALSE(status().walked);
  start_reader();
  CHECK(walks == 2);
  CHECK(status().walked);
  CHECK(reader.routes[10] == 1);
  CHECK(reader.ignored == std::vector<cgroup_id>{1});
  CHECK(containers.size() == 1);
}

TEST_CASE_FIXTURE(restarting_world,
                  "neighbours: what came and went without a reader is found by the walk") {
  start_reader();
  find(10, docker_a);
  present.cgroups = {{11, docker_b, 5, false}};
  start_reader();
  CHECK(containers[1].left.size() == 1);
  CHECK(reader.routes[11] == 2);
}

TEST_CASE_FIXTURE(restarting_world,
                  "neighbours: a reader that lost events has the cgroups walked, and stays ready") {
  start_reader();
  find(10, docker_a);
  find(11, docker_b);
  present.cgroups = {{11, docker_b, 5, false}, {12, docker_b + "/nested", 5, false}};
  self->send(registry, reader.handle);
  run();
  CHECK(walks == 2);
  CHECK(status().walked);
  CHECK(containers[1].left.size() == 1);
  CHECK(containers[2].left.empty());
  CHECK(reader.routes[12] == 2);
}

TEST_CASE_FIXTURE(restarting_world, "neighbours: an incomplete walk proves nothing") {
  start_reader();
  find(10, docker_a);
  present.complete = false;
  start_reader();
  CHECK(containers[1].left.empty());
}

TEST_CASE_FIXTURE(restarting_world, "neighbours: a walk that fails is tried again at the tick") {
  host_answers = false;
  start_reader();
  CHECK_FALSE(status().walked);
  host_answers = true;
  tick_after(1s);
  CHECK(walks == 2);
  CHECK(status().walked);
}

TEST_CASE_FIXTURE(restarting_world,
                  "neighbours: containers that came without a reader are routed when it is there") {
  find(10, docker_a);
  CHECK(containers.size() == 1);
  start_reader();
  CHECK(reader.routes[10] == 1);
}

TEST_CASE_FIXTURE(restarting_world,
                  "neighbours: a new runtime_metadata is asked all open questions") {
  start_reader();
  find(10, docker_a);
  find(11, docker_b);
  resolve(1, docker(id_a, "web"));
  metadata.asked.clear();
  metadata.handle = spawn_metadata();
  self->send(registry, metadata.handle);
  run();
  // The named one too: whoever does not ask does not hear of changes.
  CHECK(metadata.asked.size() == 2);
}

TEST_CASE_FIXTURE(restarting_world,
                  "neighbours: a new host is asked what the former did not answer") {
  start_reader();
  host_answers = false;
  self->send(registry, cgroup_unknown{10});
  run();
  host_answers = true;
  present.cgroups = {{10, docker_a, 5, false}};
  host = spawn_host();
  self->send(registry, host);
  run();
  CHECK(reader.routes[10] == 1);
}

TEST_CASE_FIXTURE(restarting_world,
                  "neighbours: an adoption without a reader is finished by the next one") {
  restart_cart();
  caf::anon_send_exit(reader.handle, caf::exit_reason::kill);
  run();
  resolve(2, of_pod(id_b, "cart-0"));
  CHECK_FALSE(ended(containers[2].handle));
  start_reader();
  confirm_routes();
  CHECK(ended(containers[2].handle));
}

TEST_CASE_FIXTURE(restarting_world,
                  "end: the containers end with their registry, also when it is killed") {
  start_reader();
  find(10, docker_a);
  caf::anon_send_exit(registry, caf::exit_reason::kill);
  run();
  CHECK(ended(containers[1].handle));
}
