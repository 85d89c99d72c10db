// SPDX-License-Identifier: Apache-2.0

#include "actors/registry/cgroup_path.hpp"
#include "actors/registry/container_id.hpp"
#include "actors/registry/pod_name.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;

namespace {

const std::string long_id = "3feca5d542cff2d1ffec6019b9cbf51d390687292a7999e6a4134d240aacb8b1";

container_metadata of(runtime_kind runtime, std::string name, std::string name_space = {}) {
  container_metadata result;
  result.runtime = runtime;
  result.id = long_id;
  result.name = std::move(name);
  result.name_space = std::move(name_space);
  return result;
}

container_metadata of_pod(std::string name_space, std::string pod, std::string container) {
  auto result = of(runtime_kind::containerd, "", "k8s.io");
  result.labels = {{"io.kubernetes.pod.namespace", std::move(name_space)},
                   {"io.kubernetes.pod.name", std::move(pod)},
                   {"io.kubernetes.container.name", std::move(container)}};
  return result;
}

container_metadata of_swarm(std::string task, std::string stack) {
  auto result = of(runtime_kind::docker, task);
  result.labels["com.docker.swarm.task.name"] = std::move(task);
  if (!stack.empty())
    result.labels["com.docker.stack.namespace"] = std::move(stack);
  return result;
}

std::string id_of(const container_metadata& metadata) {
  return identify(cgroup_identity{}, metadata).container_id;
}

std::string app_of_pod(const std::string& pod) {
  return identify(cgroup_identity{}, of_pod("shop", pod, "c")).app_id;
}

std::string fallback_of(const std::string& path) {
  return identify(parse_cgroup_path(path)).container_id;
}

} // namespace

TEST_CASE("container id: docker containers have their name") {
  const auto result = identify(cgroup_identity{}, of(runtime_kind::docker, "web"));
  CHECK(result.container_id == "/docker/web");
  CHECK(result.app_id == "/docker/web");
  CHECK(result.container == "web");
  CHECK_FALSE(result.provisional);
}

TEST_CASE("container id: a container without a name has its short id") {
  CHECK(id_of(of(runtime_kind::docker, "")) == "/docker/3feca5d542cf");
}

TEST_CASE("container id: podman and containerd") {
  CHECK(id_of(of(runtime_kind::podman, "web")) == "/podman/web");
  auto in_pod = of(runtime_kind::podman, "web");
  in_pod.pod = "shop";
  CHECK(id_of(in_pod) == "/podman/shop/web");
  CHECK(id_of(of(runtime_kind::crio, "web")) == "/crio/web");
  CHECK(id_of(of(runtime_kind::containerd, "", "prod")) == "/containerd/prod/3feca5d542cf");
  auto nerdctl = of(runtime_kind::containerd, "", "default");
  nerdctl.labels["nerdctl/name"] = "web";
  CHECK(id_of(nerdctl) == "/containerd/default/web");
  auto ctr = of(runtime_kind::containerd, "", "");
  ctr.id = "web-1";
  CHECK(identify(parse_cgroup_path("/prod/web-1"), ctr).container_id == "/containerd/prod/web-1");
}

TEST_CASE("container id: a task of Nomad has its job's names, whatever runs it") {
  auto task = of(runtime_kind::docker, "server-6f1");
  task.nomad = {"prod", "shop", "web", "6f1c0de0", "server"};
  const auto result = identify(cgroup_identity{}, task);
  CHECK(result.container_id == "/nomad/prod/shop/web/6f1c0de0/server");
  CHECK(result.app_id == "/nomad/prod/shop/web");
  CHECK(result.container == "server");
  task.nomad.name_space.clear();
  CHECK(id_of(task) == "/nomad/default/shop/web/6f1c0de0/server");
  task.nomad.alloc.clear(); // An environment that only looks like one.
  CHECK(id_of(task) == "/docker/server-6f1");
}

TEST_CASE("container id: a sandbox that holds the whole pod stands for its containers") {
  auto sandbox = of_pod("shop", "cart-0", "");
  sandbox.sandbox = true;
  sandbox.oci_runtime = "io.containerd.runsc.v1";
  CHECK(id_of(sandbox) == "/k8s/shop/cart-0/sandbox");
}

TEST_CASE("container id: Kubernetes' labels win over the runtime's name") {
  const auto result = identify(cgroup_identity{}, of_pod("shop", "cart-0", "app"));
  CHECK(result.container_id == "/k8s/shop/cart-0/app");
  CHECK(result.name_space == "shop");
  CHECK(result.pod == "cart-0");
  CHECK(result.container == "app");
}

TEST_CASE("container id: with a Kubernetes label missing it is the runtime's container") {
  auto metadata = of_pod("shop", "cart-0", "app");
  metadata.labels.erase("io.kubernetes.container.name");
  CHECK(id_of(metadata) == "/containerd/k8s.io/3feca5d542cf");
}

TEST_CASE("container id: the workload follows from the pod's name") {
  CHECK(app_of_pod("cart-5d4f8c7b9d-x2x4z") == "/k8s/shop/cart");
  CHECK(app_of_pod("shopping-cart-66b6c48dd5-zvxq7") == "/k8s/shop/shopping-cart");
  CHECK(app_of_pod("postgres-12") == "/k8s/shop/postgres");
  CHECK(app_of_pod("fluent-bit-x2x4z") == "/k8s/shop/fluent-bit");
  CHECK(app_of_pod("my-db-x2x4z") == "/k8s/shop/my-db");
  CHECK(app_of_pod("standalone") == "/k8s/shop/standalone/c");
  CHECK(app_of_pod("two-words") == "/k8s/shop/two-words/c"); // vowels: not random
  CHECK(app_of_pod("-x2x4z") == "/k8s/shop/-x2x4z/c");
}

TEST_CASE("container id: all runs of a CronJob are one") {
  for (const auto* pod : {"backup-27843120-x2x4z", "backup-1670587200-zvxq7"}) {
    const auto result = identify(cgroup_identity{}, of_pod("shop", pod, "dump"));
    CHECK(result.container_id == "/k8s-cronjob/shop/backup/dump");
    CHECK(result.app_id == "/k8s-cronjob/shop/backup");
    CHECK(result.pod == pod);
  }
  CHECK(owner_of_pod("nightly-backup-27843120-x2x4z").name == "nightly-backup");
}

TEST_CASE("container id: swarm tasks have stack, service and slot") {
  CHECK(id_of(of_swarm("shop_cart.2.kx8w1p0q", "shop")) == "/swarm/shop/cart/2");
  CHECK(id_of(of_swarm("cart.1.kx8w1p0q", "")) == "/swarm/_/cart/1");
  CHECK(id_of(of_swarm("shopping.1.kx8w1p0q", "shop")) == "/swarm/shop/shopping/1");
  CHECK(id_of(of_swarm("not.a.task.name", "")) == "/docker/not.a.task.name");
  CHECK(id_of(of_swarm("cart", "")) == "/docker/cart");
}

TEST_CASE("container id: what has no runtime to ask is known at once") {
  for (const auto& [path, id] :
       {std::pair{"/system.slice/nginx.service", "/system.slice/nginx.service"},
        {"/lxc/web01", "/lxc/web01"},
        {"/machine.slice/systemd-nspawn@build.service", "/machine/build"},
        {"/garden/0e1f2a3b", "/garden/0e1f2a3b"},
        {"/system/kubelet", "/talos/kubelet"}}) {
    const auto cgroup = parse_cgroup_path(path);
    CHECK_FALSE(needs_runtime(cgroup));
    const auto result = identify(cgroup);
    CHECK(result.container_id == id);
    CHECK_FALSE(result.provisional);
  }
  CHECK(identify(parse_cgroup_path("/system.slice/nginx.service")).container == "nginx.service");
}

TEST_CASE("container id: the fallback is provisional and has the short id") {
  const auto result = identify(parse_cgroup_path("/docker/" + long_id));
  CHECK(result.container_id == "/docker/3feca5d542cf");
  CHECK(result.provisional);
  CHECK(fallback_of("/default/" + long_id) == "/containerd/default/3feca5d542cf");
  CHECK(fallback_of("/default/web") == "/containerd/default/web");
  CHECK(fallback_of("/kubepods/pod6a0f2c3e-5b1d-4c8e-9f7a-0d2b4e6c8a10/" + long_id)
        == "/k8s/_/6a0f2c3e-5b1d-4c8e-9f7a-0d2b4e6c8a10/3feca5d542cf");
}

TEST_CASE("container id: a guess is not shown until a runtime confirms it") {
  CHECK(fallback_of("/some/thing") == "");
  CHECK(fallback_of("/actions_job/" + long_id) == "");
}

TEST_CASE("container id: a hostile name cannot pose as another path") {
  CHECK(id_of(of(runtime_kind::docker, "../k8s/prod/db/app")) == "/docker/.._k8s_prod_db_app");
  CHECK(id_of(of(runtime_kind::docker, "..")) == "/docker/_");
  CHECK(id_of(of(runtime_kind::docker, "a\nb\x1b[31m\x7f")) == "/docker/a_b_[31m_");
  CHECK(id_of(of_pod("a/b", "c\nd", "e")) == "/k8s/a_b/c_d/e");
}

TEST_CASE("container id: a long name is cut between characters") {
  CHECK(id_of(of(runtime_kind::docker, std::string(100'000, 'x'))).size() == 8 + 256);
  std::string umlauts = "x";
  while (umlauts.size() < 1000)
    umlauts += "\xc3\xa4";
  CHECK(id_of(of(runtime_kind::docker, umlauts)).size() == 8 + 255);
}
