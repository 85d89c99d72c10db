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

TEST_CASE("endpoints: the usual paths below the host's root, whether they exist or not") {
  scratch_folder root;
  settings config;
  config.host_root = root.path();
  const auto endpoints = runtime_endpoints(config);
  REQUIRE(endpoints.size() == 5);
  CHECK(endpoints[0].kind == runtime_kind::docker);
  CHECK(endpoints[0].socket == root / "run/docker.sock");
  CHECK(endpoints[1].kind == runtime_kind::containerd);
  CHECK(endpoints[1].socket == root / "run/containerd/containerd.sock");
  CHECK(endpoints[2].socket == root / "run/k3s/containerd/containerd.sock");
  for (const auto& endpoint : endpoints)
    CHECK(endpoint.socket.find("/run/docker/containerd") == std::string::npos);
}

TEST_CASE("endpoints: /var/run counts only where it is no link to /run") {
  scratch_folder root;
  settings config;
  config.host_root = root.path();
  std::filesystem::create_directories(root / "run");
  std::filesystem::create_directories(root / "var");
  touch(root / "run/docker.sock");
  std::filesystem::create_directory_symlink(root / "run", root / "var/run");
  CHECK(runtime_endpoints(config).size() == 5);
  std::filesystem::remove(root / "var/run");
  std::filesystem::create_directories(root / "var/run");
  touch(root / "var/run/docker.sock");
  REQUIRE(runtime_endpoints(config).size() == 6);
  CHECK(runtime_endpoints(config)[1].socket == root / "var/run/docker.sock");
}

TEST_CASE("endpoints: those from the settings replace the usual ones of their kind") {
  settings config;
  config.docker_sockets = {"/a", "/b"};
  auto endpoints = runtime_endpoints(config);
  CHECK(endpoints.size() == 6);
  CHECK(endpoints[1].socket == "/b");
  config.containerd_sockets = {"/c"};
  CHECK(runtime_endpoints(config).size() == 3);
  config.runtimes_off = true;
  CHECK(runtime_endpoints(config).empty());
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
