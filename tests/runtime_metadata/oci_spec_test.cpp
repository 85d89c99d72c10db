// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/oci_spec.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

constexpr std::string_view whole_spec = R"({
  "ociVersion": "1.0.2-dev",
  "process": {
    "user": {"uid": 1000, "gid": 50, "additionalGids": [1, 2]},
    "args": ["/bin/serve", "--port", "80"],
    "env": ["PATH=/bin", "NOMAD_ALLOC_ID=8a2b", "NOMAD_JOB_ID=shop-id", "NOMAD_JOB_NAME=shop",
            "NOMAD_GROUP_NAME=front", "NOMAD_TASK_NAME=web", "NOMAD_NAMESPACE=default"],
    "cwd": "/srv",
    "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL"]}
  },
  "root": {"path": "rootfs"},
  "hostname": "cart",
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["ro"]},
    {"destination": "/data", "options": ["rbind", "ro"], "type": "none", "source": "/srv/data"},
    {"destination": "/scratch", "type": "tmpfs", "source": "tmpfs", "options": ["rw"]}
  ],
  "annotations": {"team": "a"},
  "linux": {
    "cgroupsPath": "/k8s.io/abc",
    "resources": {
      "devices": [{"allow": false, "access": "rwm"},
                  {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"}],
      "memory": {"limit": 268435456},
      "cpu": {"shares": 512, "quota": 150000, "period": 100000, "cpus": "0-1"},
      "pids": {"limit": 64}
    },
    "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc", "path": "/proc/7/ns/ipc"},
                   {"type": "network", "path": "/run/netns/x"}, {"type": "time"}],
    "maskedPaths": ["/proc/kcore"]
  }
})";

oci_spec parsed(std::string_view json) {
  auto spec = parse_oci_spec(json);
  REQUIRE(spec);
  return std::move(*spec);
}

oci_spec with_linux(const std::string& fields) {
  return parsed(R"({"ociVersion": "1.0", "process": {"capabilities": {"bounding":
      ["CAP_SYS_ADMIN"]}}, "linux": {)"
                + fields + "}}");
}

} // namespace

TEST_CASE("OCI spec: what was started, as whom, and where") {
  const auto spec = parsed(whole_spec);
  CHECK(spec.details.command == std::vector<std::string>{"/bin/serve", "--port", "80"});
  CHECK(spec.details.user == "1000:50");
  CHECK(spec.details.working_dir == "/srv");
  CHECK(spec.details.hostname == "cart");
  CHECK(spec.details.environment.size() == 7);
  CHECK(spec.details.environment.front() == "PATH=/bin");
  CHECK(spec.details.annotations == std::map<std::string, std::string>{{"team", "a"}});
  CHECK(spec.details.cgroup_path == "/k8s.io/abc");
  CHECK_FALSE(spec.details.privileged);
}

TEST_CASE("OCI spec: mounts are those that show something, whatever stands first") {
  const auto spec = parsed(whole_spec);
  const std::vector<container_mount> expected{{"bind", "/srv/data", "/data", true},
                                              {"tmpfs", "tmpfs", "/scratch", false}};
  CHECK(spec.details.mounts == expected);
}

TEST_CASE("OCI spec: limits; what is unlimited is none") {
  const auto limits = parsed(whole_spec).details.limits;
  CHECK(limits == container_limits{268435456, 1500, 512, 64, "0-1"});
  const auto none = with_linux(R"("resources": {"memory": {"limit": -1}, "pids": {"limit": -1},
      "cpu": {"quota": -1, "period": 100000}})");
  CHECK(none.details.limits == container_limits{});
  const auto odd = with_linux(R"("resources": {"cpu": {"quota": 9223372036854775807,
      "period": 0}})");
  CHECK(odd.details.limits == container_limits{});
}

TEST_CASE("OCI spec: a namespace is private, somebody's, or the host's") {
  const std::map<std::string, std::string> expected{
      {"cgroup", "host"}, {"ipc", "/proc/7/ns/ipc"}, {"mnt", "private"}, {"net", "/run/netns/x"},
      {"pid", "private"}, {"user", "host"},          {"uts", "host"}};
  CHECK(parsed(whole_spec).details.namespaces == expected);
  CHECK(parsed(R"({"ociVersion": "1"})").details.namespaces.empty());
}

TEST_CASE("OCI spec: a Nomad task is known by its environment") {
  CHECK(parsed(whole_spec).nomad == nomad_task{"default", "shop", "front", "8a2b", "web"});
  CHECK(nomad_from({"NOMAD_ALLOC_ID=1", "NOMAD_JOB_ID=j"}) == nomad_task{"", "j", "", "1", ""});
  CHECK(nomad_from({"NOMAD_JOB_NAME=j", "NOMAD_TASK_NAME=t"}) == nomad_task{});
}

TEST_CASE("OCI spec: privileged is who may administer, with all devices and nothing masked") {
  const std::string all = R"("resources": {"devices": [{"allow": true, "access": "rwm"}]})";
  CHECK(with_linux(all).details.privileged);
  CHECK(with_linux(R"("maskedPaths": [], )" + all).details.privileged);
  CHECK_FALSE(with_linux(R"("maskedPaths": ["/proc/keys"], )" + all).details.privileged);
  CHECK_FALSE(with_linux(R"("resources": {"devices": [{"allow": true, "type": "c",
      "access": "rwm"}]})")
                  .details.privileged);
  CHECK_FALSE(parsed(R"({"ociVersion": "1", "linux": {)" + all + "}}").details.privileged);
}

TEST_CASE("OCI spec: annotations of containerd's CRI and of CRI-O name a container") {
  for (const char* json :
       {R"({"ociVersion": "1", "annotations": {"io.kubernetes.cri.container-type": "container",
            "io.kubernetes.cri.container-name": "app", "io.kubernetes.cri.image-name": "shop:1",
            "io.kubernetes.cri.sandbox-id": "5a", "io.kubernetes.cri.sandbox-name": "cart-0",
            "io.kubernetes.cri.sandbox-namespace": "shop",
            "io.kubernetes.cri.sandbox-uid": "u-1"}})",
        R"({"ociVersion": "1", "annotations": {"io.kubernetes.cri-o.ContainerType": "container",
            "io.kubernetes.container.name": "app", "io.kubernetes.cri-o.ImageName": "shop:1",
            "io.kubernetes.cri-o.SandboxID": "5a", "io.kubernetes.pod.name": "cart-0",
            "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": "u-1"}})"}) {
    auto spec = parsed(json);
    container_metadata app;
    apply_annotations(app, spec.details);
    CHECK(app.name == "app");
    CHECK(app.image == "shop:1");
    CHECK(app.sandbox_id == "5a");
    CHECK_FALSE(app.sandbox);
    CHECK(app.labels.at("io.kubernetes.pod.name") == "cart-0");
    CHECK(app.labels.at("io.kubernetes.pod.namespace") == "shop");
    CHECK(app.labels.at("io.kubernetes.pod.uid") == "u-1");
    CHECK(app.labels.at("io.kubernetes.container.name") == "app");
  }
}

TEST_CASE("OCI spec: annotations add, and do not replace; a sandbox is told") {
  auto spec = parsed(R"({"ociVersion": "1", "annotations": {
      "io.kubernetes.cri-o.ContainerType": "sandbox", "io.kubernetes.cri-o.SandboxID": "5a",
      "io.kubernetes.pod.name": "other", "io.kubernetes.pod.namespace": "shop"}})");
  container_metadata pause;
  pause.labels["io.kubernetes.pod.name"] = "cart-0";
  apply_annotations(pause, spec.details);
  CHECK(pause.sandbox);
  CHECK(pause.sandbox_id.empty());
  CHECK(pause.labels.at("io.kubernetes.pod.name") == "cart-0");
  CHECK(pause.labels.count("io.kubernetes.container.name") == 0);
  container_metadata plain;
  container_details none;
  apply_annotations(plain, none);
  CHECK(plain == container_metadata{});
}

TEST_CASE("OCI spec: what is no spec is none; odd fields are left out") {
  for (const char* text : {"", "{}", "[]", "null", "17", R"({"ociVersion": 1})",
                           R"({"ociVersion": "1"} x)", R"({"ociVersion": "1", "mounts": [)"})
    CHECK_FALSE(parse_oci_spec(text));
  const auto odd = parsed(R"({"ociVersion": "1", "process": [1], "mounts": {"a": 1}, "linux": null,
      "hostname": 3, "annotations": {"a": 1, "b": "c"}})");
  CHECK(odd.details.command.empty());
  CHECK(odd.details.hostname.empty());
  CHECK(odd.details.annotations.at("b") == "c");
}

TEST_CASE("OCI spec: no truncated text does harm, and what is large is bounded") {
  for (size_t i = 0; i < whole_spec.size(); ++i)
    CHECK_FALSE(parse_oci_spec(whole_spec.substr(0, i)));
  std::string json = R"({"ociVersion": "1", "hostname": ")" + std::string(10'000, 'h')
                     + R"(", "process": {"args": [")" + std::string(10'000, 'a') + "\"";
  for (int i = 0; i < 2'000; ++i)
    json += ", \"x\"";
  const auto spec = parsed(json + "]}}");
  CHECK(spec.details.hostname.size() == runtime_bounds::name_bytes);
  CHECK(spec.details.command.size() == runtime_bounds::texts);
  CHECK(spec.details.command.front().size() == runtime_bounds::text_bytes);
}
