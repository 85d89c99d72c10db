// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/podman_client.hpp"

#include "tests/runtime_metadata/fake_socket.hpp"
#include "tests/runtime_metadata/recorded.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <mutex>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr auto app_id = "87f14c46ff48b930913533d6018aa4cf1ebe52f52cf349c52a4cc0183afb9d2b";
constexpr auto pod_id = "73fb47f72c9cd33e54e326a1fa5618be0b0b64ab47650aa3edf875a49c9274d3";
constexpr auto infra_id = "6f49d5c0ad8efec3688ff661fd170e053be0ce8a72d0c529640bcd0b6405ea40";

std::string event_line(const std::string& action, const std::string& id, const std::string& name,
                       const std::string& pod) {
  return R"({"Type":"container","Action":")" + action + R"(","Actor":{"ID":")" + id
         + R"(","Attributes":{"containerExitCode":"0","image":"i","name":")" + name
         + R"(","podId":")" + pod + R"("}},"timeNano":5})" + "\n";
}

// A podman that knows the recorded containers.
struct podman_test {
  scratch_folder folder;
  std::string path = folder / "podman.sock";
  podman_client client{{runtime_kind::podman, path}};
  std::stop_source stop;
  call_limits limits{5s, stop.get_token()};
  std::mutex mutex;
  std::map<std::string, int> asked; ///< by target
  std::string events;

  void serve(fake_connection& peer) {
    const auto request = peer.read_request();
    const auto target = request.substr(4, request.find(' ', 4) - 4);
    {
      const std::lock_guard lock{mutex};
      ++asked[target.substr(0, target.find("&since="))];
    }
    const std::string api = "/v4.0.0/libpod";
    if (target == api + "/version")
      peer.answer(recorded("podman_version.json"));
    else if (target == api + "/containers/json?all=true")
      peer.answer(recorded("podman_list.json"));
    else if (target == api + "/containers/" + app_id + "/json")
      peer.answer(recorded("podman_inspect_in_pod.json"));
    else if (target == api + "/pods/" + pod_id + "/json")
      peer.answer(recorded("podman_pod.json"));
    else if (target.starts_with(api + "/events?"))
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(events.size()) + "\r\n\r\n"
                 + events);
    else
      peer.answer(R"({"cause":"no such container","message":"no","response":404})",
                  "404 Not Found");
  }

  fake_socket podman{path, [this](fake_connection& peer) {
                       serve(peer);
                     }};

  std::vector<runtime_event> watch() {
    std::vector<runtime_event> seen;
    const auto error = client.watch({[] {},
                                     [&](runtime_event x) {
                                       seen.push_back(std::move(x));
                                     }},
                                    limits);
    CHECK(error.code == ec::runtime_unreachable); // The stream ends.
    return seen;
  }
};

} // namespace

TEST_CASE_FIXTURE(podman_test, "podman client: a container in a pod; its pod is asked for once") {
  for (int i = 0; i < 3; ++i) {
    auto app = client.inspect({app_id, ""}, limits);
    REQUIRE(app);
    CHECK(app->complete);
    CHECK(app->metadata.name == "app");
    CHECK(app->metadata.pod == "shop");
    CHECK(app->metadata.sandbox_id == infra_id);
  }
  CHECK(asked.at("/v4.0.0/libpod/pods/" + std::string{pod_id} + "/json") == 1);
}

TEST_CASE_FIXTURE(podman_test, "podman client: version, list, and who is unknown") {
  auto version = client.version(limits);
  REQUIRE(version);
  CHECK(*version == "4.3.1");
  auto list = client.list(limits);
  REQUIRE(list);
  CHECK(list->size() == 5);
  for (const char* id : {"nobody", "../version", "87f14c46ff48"}) {
    auto none = client.inspect({id, ""}, limits);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ec::unknown_container);
  }
}

TEST_CASE_FIXTURE(podman_test, "podman client: an event in a pod is named once the pod is known") {
  events = event_line("start", app_id, "app", pod_id) + event_line("start", "b1", "single", "");
  auto seen = watch();
  REQUIRE(seen.size() == 2);
  CHECK_FALSE(seen[0].named);
  CHECK(seen[1].named);
  REQUIRE(client.list(limits));
  events += event_line("start", infra_id, "73fb47f72c9c-infra", pod_id);
  seen = watch();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].named);
  CHECK(seen[0].metadata.pod == "shop");
  CHECK(seen[0].metadata.sandbox_id == infra_id);
  CHECK(seen[2].metadata.sandbox);
  CHECK(asked.at("/v4.0.0/libpod/events?stream=true&filters=%7B%22type%22%3A%5B%22container%22%5D"
                 "%7D")
        == 2);
}

TEST_CASE("podman client: another program on the socket is told apart") {
  scratch_folder folder;
  const auto path = folder / "podman.sock";
  fake_socket other{path, [](fake_connection& peer) {
                      peer.read_request();
                      peer.answer("Not Found", "404 Not Found");
                    }};
  podman_client client{{runtime_kind::podman, path}};
  auto version = client.version({5s, {}});
  REQUIRE_FALSE(version);
  CHECK(version.error().code == ec::runtime_garbage);
  CHECK(version.error().message.find("podman, version 4.0 or newer") != std::string::npos);
}
