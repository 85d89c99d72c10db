// SPDX-License-Identifier: Apache-2.0
#include "actors/kubernetes_workloads/pod_list.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

std::string pod(const std::string& name, const std::string& rest) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","uid":"u")" + rest
         + R"(},"spec":{"containers":[{"name":"a","metadata":{"name":"not this"}}]},"status":{}})";
}

std::string owner(const std::string& kind, const std::string& name, bool controller = true) {
  return R"({"apiVersion":"v1","kind":")" + kind + R"(","name":")" + name + R"(","uid":"x",)"
         + (controller ? R"("controller":true,)" : "") + R"("blockOwnerDeletion":true})";
}

std::string owned(const std::string& name, const std::string& owners,
                  const std::string& labels = "{}") {
  return pod(name, R"(,"labels":)" + labels + R"(,"ownerReferences":[)" + owners + "]");
}

std::string list_of(const std::string& pods) {
  return R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[)"
         + pods + "]}";
}

/// What is made of a list with this pod alone.
pod_workload of(const std::string& text) {
  const auto result = parse_pod_list(list_of(text));
  REQUIRE(result);
  REQUIRE(result->pods.size() == 1);
  CHECK(result->pods[0].name_space == "shop");
  return result->pods[0];
}

} // namespace

TEST_CASE("pod list: a ReplicaSet's pod is its Deployment's") {
  const auto labels = R"({"app":"web","pod-template-hash":"6d4cf56db6"})";
  const auto web = of(owned("web-6d4cf56db6-abcde", owner("ReplicaSet", "web-6d4cf56db6"), labels));
  CHECK(web == pod_workload{"shop", "web-6d4cf56db6-abcde", "web", false});
  const auto argo = R"({"rollouts-pod-template-hash":"77d"})";
  CHECK(of(owned("x-77d-abcde", owner("ReplicaSet", "x-77d"), argo)).workload == "x");
  // Made by hand: no hash, or another name.
  CHECK(of(owned("web-abcde", owner("ReplicaSet", "web"))).workload == "web");
  CHECK(of(owned("web-abcde", owner("ReplicaSet", "web6d4cf56db6"), labels)).workload
        == "web6d4cf56db6");
  CHECK(of(owned("web-abcde", owner("ReplicaSet", "-6d4cf56db6"), labels)).workload
        == "-6d4cf56db6");
}

TEST_CASE("pod list: a Job's pod is its CronJob's, where the name has the time of the run") {
  const auto run = of(owned("night-28901234-abcde", owner("Job", "night-28901234")));
  CHECK(run.workload == "night");
  CHECK(run.cron_job);
  const auto once = of(owned("migrate-7-abcde", owner("Job", "migrate-7")));
  CHECK(once.workload == "migrate-7");
  CHECK_FALSE(once.cron_job);
  CHECK_FALSE(of(owned("x", owner("Job", "28901234"))).cron_job);
}

TEST_CASE("pod list: sets and operators' own are themselves, a static pod is not its node's") {
  CHECK(of(owned("db-0", owner("StatefulSet", "db"))).workload == "db");
  CHECK(of(owned("agent-abcde", owner("DaemonSet", "agent"))).workload == "agent");
  CHECK(of(owned("kafka-0", owner("Kafka", "main"))).workload == "main");
  CHECK(of(owned("etcd-node-1", owner("Node", "node-1"))).workload == "etcd");
  CHECK(of(owned("etcd", owner("Node", "node-1"))).workload == "etcd");
}

TEST_CASE("pod list: the controller counts, wherever it stands; without one the first owner") {
  const auto other = owner("ConfigMap", "c", false);
  CHECK(of(owned("a", other + "," + owner("DaemonSet", "d"))).workload == "d");
  CHECK(of(owned("a", owner("DaemonSet", "d") + "," + other)).workload == "d");
  CHECK(of(owned("a", other + "," + owner("Thing", "t", false))).workload == "c");
}

TEST_CASE("pod list: a pod that was made by hand is nobody's") {
  CHECK(of(pod("web-0", "")).workload.empty());
  CHECK(of(pod("web-0", R"(,"ownerReferences":[])")).workload.empty());
  CHECK(of(pod("web-0", R"(,"labels":null,"ownerReferences":null)")).workload.empty());
}

TEST_CASE("pod list: no pods") {
  CHECK(parse_pod_list(list_of(""))->pods.empty());
  CHECK(parse_pod_list(R"({"items":null})")->pods.empty());
}

TEST_CASE("pod list: nameless pods and names that cannot be are passed over") {
  const std::string longest(254, 'a');
  const auto result = parse_pod_list(list_of(pod("", "") + "," + pod(longest, "") + ","
                                             + R"({"metadata":{"name":"x"}},{},)" + pod("ok", "")));
  REQUIRE(result);
  REQUIRE(result->pods.size() == 1);
  CHECK(result->pods[0].pod == "ok");
}

TEST_CASE("pod list: what is none") {
  for (const auto* text :
       {"", "null", "[]", "{}", "7", R"({"items":7})", R"({"items":name[{}]})", R"({"items":[7]})",
        R"({"items":[{)", R"({"kind":"Status","status":"Failure"})",
        R"({"items":[{"metadata":7}]})", "<html>"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_pod_list(text));
  }
}

TEST_CASE("pod list: of more pods than a node runs, the first are taken") {
  std::string pods = pod("p0", "");
  for (size_t i = 1; i <= listed_pods_max; ++i)
    pods += "," + pod("p" + std::to_string(i), "");
  CHECK(parse_pod_list(list_of(pods))->pods.size() == listed_pods_max);
}
