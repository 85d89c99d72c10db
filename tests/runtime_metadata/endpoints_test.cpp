// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/endpoints.hpp"

#include "tests/runtime_metadata/fake_socket.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace troupe;

namespace {

void touch(const std::string& path) {
  const std::ofstream file{path};
  REQUIRE(file.good());
}

} // namespace

TEST_CASE("endpoints: of the usual paths below the host's root those that exist") {
  scratch_folder root;
  settings config;
  config.host_root = root.path();
  CHECK(runtime_endpoints(config).empty());
  for (const char* path :
       {"run/docker.sock", "run/containerd/containerd.sock", "run/k3s/containerd/containerd.sock",
        "run/crio/crio.sock", "run/podman/podman.sock", "run/user/1000/podman/podman.sock",
        "run/docker/containerd/containerd.sock"}) {
    std::filesystem::create_directories(std::filesystem::path{root / path}.parent_path());
    touch(root / path);
  }
  CHECK(runtime_endpoints(config)
        == std::vector<runtime_endpoint>{
            {runtime_kind::docker, root / "run/docker.sock"},
            {runtime_kind::containerd, root / "run/containerd/containerd.sock"},
            {runtime_kind::containerd, root / "run/k3s/containerd/containerd.sock"},
            {runtime_kind::crio, root / "run/crio/crio.sock"},
            {runtime_kind::podman, root / "run/podman/podman.sock"},
            {runtime_kind::podman, root / "run/user/1000/podman/podman.sock"},
        });
}

TEST_CASE("endpoints: /var/run counts only where it is no link to /run") {
  scratch_folder root;
  settings config;
  config.host_root = root.path();
  std::filesystem::create_directories(root / "run");
  std::filesystem::create_directories(root / "var");
  touch(root / "run/docker.sock");
  std::filesystem::create_directory_symlink(root / "run", root / "var/run");
  CHECK(runtime_endpoints(config).size() == 1);
  std::filesystem::remove(root / "var/run");
  std::filesystem::create_directories(root / "var/run");
  touch(root / "var/run/docker.sock");
  REQUIRE(runtime_endpoints(config).size() == 2);
  CHECK(runtime_endpoints(config)[1].socket == root / "var/run/docker.sock");
}

TEST_CASE("endpoints: those from the settings replace the usual ones of their kind, and are there "
          "before they exist") {
  scratch_folder root;
  settings config;
  config.host_root = root.path();
  config.docker_sockets = {"/a", "/b"};
  config.podman_sockets = {"/p"};
  std::filesystem::create_directories(root / "run/podman");
  touch(root / "run/podman/podman.sock");
  CHECK(runtime_endpoints(config)
        == std::vector<runtime_endpoint>{{runtime_kind::docker, "/a"},
                                         {runtime_kind::docker, "/b"},
                                         {runtime_kind::podman, "/p"}});
  config.runtimes_off = true;
  CHECK(runtime_endpoints(config).empty());
}

TEST_CASE("endpoints: however many users there are, their sockets have a bound") {
  scratch_folder root;
  settings config;
  config.host_root = root.path();
  for (size_t i = 0; i < 2 * endpoints_max; ++i) {
    const auto folder = root / ("run/user/" + std::to_string(i) + "/podman");
    std::filesystem::create_directories(folder);
    touch(folder + "/podman.sock");
  }
  CHECK(runtime_endpoints(config).size() == endpoints_max);
}

TEST_CASE("connecting: what is wrong is said with the next step") {
  scratch_folder folder;
  const auto code_of = [](const runtime_endpoint& endpoint) {
    auto connected = try_connect(endpoint);
    REQUIRE_FALSE(connected);
    CHECK(connected.error().message.find(endpoint.socket) != std::string::npos);
    CHECK(connected.error().message.find(';') != std::string::npos);
    return connected.error().code;
  };
  CHECK(code_of({runtime_kind::docker, folder / "none.sock"}) == ec::runtime_absent);
  CHECK(code_of({runtime_kind::docker, folder / ("x" + std::string(120, 'y'))})
        == ec::invalid_configuration);
  touch(folder / "file");
  CHECK(code_of({runtime_kind::containerd, folder / "file"}) == ec::runtime_unreachable);
  {
    fake_socket live{folder / "live.sock", [](fake_connection&) {
                     }};
    CHECK(try_connect({runtime_kind::docker, folder / "live.sock"}));
  }
}
