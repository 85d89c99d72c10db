// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/bundle_client.hpp"

#include "actors/runtime_metadata/bundle_metadata.hpp"
#include "tests/runtime_metadata/fake_socket.hpp"
#include "tests/runtime_metadata/recorded.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr auto docker_id = "dfc4c50686320ddbc5a68f4acb5ff72b03f21f12cc0773bade3a1ea1437b25b3";
constexpr auto app_id = "87f14c46ff48b930913533d6018aa4cf1ebe52f52cf349c52a4cc0183afb9d2b";
constexpr auto infra_id = "6f49d5c0ad8efec3688ff661fd170e053be0ce8a72d0c529640bcd0b6405ea40";
constexpr auto spec_of_nobody = R"({"ociVersion":"1.0.2","process":{"args":["sleep"]}})";

// A machine's root: /run, /var and /proc with processes that nobody runs.
struct bundle_test {
  scratch_folder root;
  bundle_client client{{runtime_kind::unknown, root.path()}};
  call_limits limits{5s, {}};

  void write(const std::string& below, std::string_view text) const {
    const std::filesystem::path file = root.path() + below;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
  }

  void process(uint32_t pid, uint32_t parent, const std::string& comm,
               const std::vector<std::string>& arguments, const std::string& pids = "7") const {
    const auto folder = "/proc/" + std::to_string(pid);
    std::string command_line;
    for (const auto& argument : arguments)
      command_line += argument + '\0';
    write(folder + "/comm", comm + "\n");
    write(folder + "/cmdline", command_line);
    write(folder + "/status",
          "Name:\t" + comm + "\nUid:\t0\t0\t0\t0\nNSpid:\t" + pids + "\nNSpgid:\t7\n");
    write(folder + "/cgroup", "0::/x\n");
    write(folder + "/stat", std::to_string(pid) + " (" + comm + ") S " + std::to_string(parent)
                                + " 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 1000 10\n");
    std::error_code ignored;
    std::filesystem::create_directory_symlink(root.path(), root.path() + folder + "/root", ignored);
  }

  void conmon(uint32_t pid, const std::string& id, const std::string& name, std::string_view spec,
              uint32_t init) const {
    const std::string folder = "/storage/" + id;
    write(folder + "/config.json", spec);
    write(folder + "/pidfile", std::to_string(init));
    process(pid, 1, "conmon",
            {"/usr/bin/conmon", "-c", id, "-b", folder, "-p", folder + "/pidfile", "-n", name, "-r",
             "/usr/bin/runc"});
    process(init, pid, "sleep", {"sleep"});
  }

  std::map<std::string, container_metadata> listed() {
    auto list = client.list(limits);
    REQUIRE(list);
    std::map<std::string, container_metadata> result;
    for (const auto& x : *list)
      result[x.metadata.id] = x.metadata;
    REQUIRE(result.size() == list->size());
    return result;
  }

  container_metadata inspected(const std::string& id, const std::string& name_space = {}) {
    auto answer = client.inspect({id, name_space}, limits);
    REQUIRE(answer);
    return answer->metadata;
  }

  ec inspect_error(const std::string& id) {
    auto answer = client.inspect({id, ""}, limits);
    REQUIRE_FALSE(answer);
    CHECK_FALSE(answer.error().message.empty());
    return answer.error().code;
  }
};

constexpr auto containerd_state = "/run/containerd/io.containerd.runtime.v2.task/";

} // namespace

TEST_CASE_FIXTURE(bundle_test, "bundles: docker's container has the name that docker wrote down") {
  const std::string folder = std::string{containerd_state} + "moby/" + docker_id;
  write(folder + "/config.json", recorded("oci_docker_config.json"));
  write(folder + "/init.pid", "29697");
  write(folder + "/shim-binary-path", "/usr/bin/containerd-shim-runc-v2");
  process(29697, 29675, "sleep", {"/bin/sleep", "1000"});
  const auto bare = inspected(docker_id);
  CHECK(bare.runtime == runtime_kind::docker);
  CHECK(bare.name.empty());
  CHECK(bare.name_space.empty());
  write("/var/lib/docker/containers/" + std::string{docker_id} + "/config.v2.json",
        recorded("docker_config_v2.json"));
  const auto x = inspected(docker_id);
  CHECK(x.name == "full");
  CHECK(x.image == "bb:1");
  CHECK(x.labels.at("app") == "shop");
  CHECK(x.state == container_state::running);
  CHECK(x.pid == 29697);
  CHECK(x.oci_runtime == "io.containerd.runc.v2");
  CHECK(x.nomad.task == "nginx");
  REQUIRE(x.details);
  CHECK(x.details->command == std::vector<std::string>{"/bin/sleep", "1000"});
  CHECK(x.details->limits.cpu_shares == 512);
  CHECK(x.details->namespaces.at("pid") == "host");
  CHECK(x.details->networks.at(0).ipv4 == "172.17.0.2");
  // Its own mounts, not the files that docker puts into every container.
  std::vector<std::string> destinations;
  for (const auto& mount : x.details->mounts)
    destinations.push_back(mount.destination);
  CHECK(destinations == std::vector<std::string>{"/mnt", "/data", "/scratch"});
}

TEST_CASE_FIXTURE(bundle_test, "bundles: containerd's are told apart by namespace") {
  for (const char* name_space : {"ns1", "k8s.io"})
    write(containerd_state + std::string{name_space} + "/web/config.json",
          R"({"ociVersion":"1.0.2","annotations":{"io.kubernetes.cri.container-type":"container",
              "io.kubernetes.cri.container-name":"app","io.kubernetes.cri.sandbox-name":"pod-0",
              "io.kubernetes.cri.sandbox-namespace":"prod","io.kubernetes.cri.sandbox-id":"s1"}})");
  write(containerd_state + std::string{"ns1/web/config.json"},
        R"({"ociVersion":"1.0.2","annotations":{"nerdctl/name":"front"}})");
  CHECK(inspected("web", "ns1").name == "front");
  const auto x = inspected("web", "k8s.io");
  CHECK(x.runtime == runtime_kind::containerd);
  CHECK(x.labels.at("io.kubernetes.pod.name") == "pod-0");
  CHECK(x.labels.at("io.kubernetes.pod.namespace") == "prod");
  CHECK(x.labels.at("io.kubernetes.container.name") == "app");
  CHECK(x.sandbox_id == "s1");
  CHECK(inspect_error("db") == ec::unknown_container);
}

TEST_CASE_FIXTURE(bundle_test, "bundles: a shim shows where its containerd has its state") {
  write("/elsewhere/ns1/web/config.json", spec_of_nobody);
  write("/elsewhere/ns1/db/config.json", spec_of_nobody);
  write("/elsewhere/ns1/db/init.pid", "51");
  process(51, 50, "runc:[2:INIT]", {});
  process(50, 1, "containerd-shim",
          {"/usr/bin/containerd-shim-runsc-v1", "-namespace", "ns1", "-id", "web"});
  std::filesystem::create_directory_symlink(root / "elsewhere/ns1/web", root / "proc/50/cwd");
  const auto all = listed();
  CHECK(all.size() == 2);
  CHECK(all.at("web").oci_runtime == "io.containerd.runsc.v1");
  CHECK(all.at("web").name_space == "ns1");
  CHECK(all.at("web").state == container_state::created); // It has no pid yet.
  CHECK(all.at("db").state == container_state::created);  // The runtime waits in it.
  CHECK(all.at("db").pid == 51);
}

TEST_CASE_FIXTURE(bundle_test, "bundles: podman's containers and pods by their conmon") {
  conmon(27178, app_id, "app", recorded("oci_podman_config.json"), 27188);
  conmon(27156, infra_id, "73fb47f72c9c-infra", recorded("oci_podman_infra_config.json"), 27166);
  const auto all = listed();
  REQUIRE(all.size() == 2);
  CHECK(all.at(infra_id).sandbox);
  const auto& app = all.at(app_id);
  CHECK(app.runtime == runtime_kind::podman);
  CHECK(app.name == "app");
  CHECK(app.pod == "shop");
  CHECK(app.sandbox_id == infra_id);
  CHECK_FALSE(app.sandbox);
  CHECK(app.state == container_state::running);
  CHECK(app.pid == 27188);
  CHECK(app.oci_runtime == "runc");
  CHECK(app.labels.empty());
  CHECK(app.details->namespaces.at("ipc") == "pod");
  CHECK(app.details->namespaces.at("pid") == "private");
}

TEST_CASE_FIXTURE(bundle_test, "bundles: who only pretends to be a monitor is not believed") {
  // The claimed container's process is not its child.
  conmon(60, "a1", "evil", spec_of_nobody, 61);
  process(61, 1, "sleep", {"sleep"});
  CHECK(inspect_error("a1") == ec::runtime_unreachable);
  // It lives in a container.
  conmon(70, "a2", "evil", spec_of_nobody, 71);
  process(70, 1, "conmon",
          {"/usr/bin/conmon", "-c", "a2", "-b", "/storage/a2", "-p", "/storage/a2/pidfile"},
          "70\t1");
  CHECK(inspect_error("a2") == ec::unknown_container);
  CHECK(listed().empty());
}

TEST_CASE_FIXTURE(bundle_test, "bundles: what is broken or gone is left out") {
  write(containerd_state + std::string{"ns1/a/config.json"}, "{");
  write(containerd_state + std::string{"ns1/b/config.json"}, "{}");
  std::filesystem::create_directories(root / (containerd_state + std::string{"ns1/c/config.json"}));
  write(containerd_state + std::string{"ns1/..x/config.json"}, spec_of_nobody);
  CHECK(listed().empty());
  CHECK(inspect_error("a") == ec::runtime_garbage);
  CHECK(inspect_error("c") == ec::unknown_container);
  CHECK(inspect_error("../../x") == ec::unknown_container);
}

TEST_CASE_FIXTURE(bundle_test, "bundles: a process that ended is no longer its container's") {
  write(containerd_state + std::string{"ns1/web/config.json"}, spec_of_nobody);
  write(containerd_state + std::string{"ns1/web/init.pid"}, "4294967295");
  CHECK(inspected("web").state == container_state::exited);
  CHECK(inspected("web").pid == 0);
  CHECK_FALSE(inspected("web").exit_code);
}

TEST_CASE("bundles: the stream waits until it is stopped") {
  bundle_client client{{runtime_kind::unknown, "/nonexistent"}};
  std::stop_source stop;
  bool opened = false;
  const event_observer observer{.opened =
                                    [&] {
                                      opened = true;
                                      stop.request_stop();
                                    },
                                .event =
                                    [](runtime_event) {
                                      FAIL("no events");
                                    }};
  CHECK(client.watch(observer, {5s, stop.get_token()}).code == ec::shutting_down);
  CHECK(opened);
  CHECK(client.version({5s, {}}).value_or("?").empty());
}
