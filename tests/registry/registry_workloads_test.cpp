// SPDX-License-Identifier: Apache-2.0

#include "tests/registry/registry_world.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

container_metadata of_pod(const std::string& id, const std::string& pod) {
  auto metadata = registry_world::docker(id, "k8s_" + pod);
  metadata.labels = {{"io.kubernetes.pod.namespace", "shop"},
                     {"io.kubernetes.pod.name", pod},
                     {"io.kubernetes.container.name", "app"}};
  return metadata;
}

std::string app(const container_notes& notes) {
  return notes.named.empty() ? "" : notes.named.back().identity.app_id;
}

} // namespace

TEST_CASE_FIXTURE(registry_world, "workloads: what runs already gets its owner, once it is known") {
  start_reader();
  find(10, docker_a);
  resolve(1, of_pod(id_a, "cart-0"));
  CHECK(app(containers[1]) == "/k8s/shop/cart");
  const auto told = containers[1].named.size();

  self->send(registry, pod_workloads{{{"shop", "cart-0", "cart-of-sts", false},
                                      {"other", "cart-0", "wrong", false}}});
  run();
  CHECK(app(containers[1]) == "/k8s/shop/cart-of-sts");
  CHECK(containers[1].id() == "/k8s/shop/cart-0/app");
  CHECK(containers[1].named.size() == told + 1);

  // The same once more is no news, and a pod that is gone keeps what it had.
  self->send(registry, pod_workloads{{{"shop", "cart-0", "cart-of-sts", false}}});
  self->send(registry, pod_workloads{});
  run();
  CHECK(app(containers[1]) == "/k8s/shop/cart-of-sts");
  CHECK(containers[1].named.size() == told + 1);
}

TEST_CASE_FIXTURE(registry_world, "workloads: what comes later has its owner with its name") {
  start_reader();
  self->send(registry,
             pod_workloads{{{"shop", "by-hand-0", "", false}, {"shop", "night-1", "night", true}}});
  run();
  find(10, docker_a);
  find(11, docker_b);
  resolve(1, of_pod(id_a, "by-hand-0"));
  resolve(2, of_pod(id_b, "night-1"));
  CHECK(app(containers[1]) == "/k8s/shop/by-hand-0/app"); // Its name only looks like a set's.
  CHECK(app(containers[2]) == "/k8s-cronjob/shop/night");
  CHECK(containers[1].named.size() == 1);
  CHECK(containers[2].named.size() == 1);
}

TEST_CASE_FIXTURE(registry_world, "workloads: who is in no pod is left alone") {
  start_reader();
  find(10, docker_a);
  resolve(1, docker(id_a, "web"));
  self->send(registry, pod_workloads{{{"", "", "nobody", false}}});
  run();
  CHECK(app(containers[1]) == "/docker/web");
}
