// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/listing_round.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace troupe;

namespace {

std::vector<runtime_status> two_endpoints() {
  std::vector<runtime_status> result(2);
  result[0].endpoint = {runtime_kind::docker, "/docker.sock"};
  result[1].endpoint = {runtime_kind::containerd, "/containerd.sock"};
  return result;
}

container_answer container(runtime_kind runtime, const char* id, const char* name) {
  container_answer result;
  result.metadata.runtime = runtime;
  result.metadata.id = id;
  result.metadata.name = name;
  return result;
}

using answers = std::vector<container_answer>;

} // namespace

TEST_CASE("listing round: docker's containers are listed once, with their names") {
  listing_round round{two_endpoints()};
  round.add(1, answers{container(runtime_kind::docker, "a1", ""),
                       container(runtime_kind::containerd, "c1", "")});
  CHECK_FALSE(round.complete());
  round.add(0, answers{container(runtime_kind::docker, "a1", "web")});
  CHECK(round.complete());
  const auto listing = round.take();
  REQUIRE(listing.containers.size() == 2);
  CHECK(listing.containers[0].id == "c1");
  CHECK(listing.containers[1].name == "web");
  CHECK(listing.endpoints[0].answering);
  CHECK(listing.endpoints[1].answering);
}

TEST_CASE("listing round: who does not answer in time is said so, the rest is there") {
  listing_round round{two_endpoints()};
  round.add(1, answers{container(runtime_kind::docker, "a1", "")});
  round.add(1, answers{container(runtime_kind::docker, "a2", "")}); // counts once
  const auto listing = round.take();
  CHECK(listing.containers.size() == 1); // Without docker's own account, containerd's.
  CHECK(listing.endpoints[0].error == ec::runtime_timeout);
  CHECK(listing.endpoints[0].message.find("/docker.sock") != std::string::npos);
}

TEST_CASE("listing round: an error is its endpoint's status") {
  listing_round round{two_endpoints()};
  round.add(0, call_error{ec::runtime_absent, "no such socket"});
  round.add(1, answers{});
  const auto listing = round.take();
  CHECK_FALSE(listing.endpoints[0].present);
  CHECK(listing.endpoints[0].error == ec::runtime_absent);
  CHECK(listing.endpoints[1].present);
}

TEST_CASE("listing round: without endpoints there is nothing to wait for") {
  CHECK(listing_round{{}}.complete());
}

TEST_CASE("listing round: a container that several endpoints know is there once") {
  std::vector<runtime_status> endpoints(4);
  endpoints[0].endpoint = {runtime_kind::unknown, ""};
  endpoints[1].endpoint = {runtime_kind::crio, "/cri.sock"};
  endpoints[2].endpoint = {runtime_kind::containerd, "/containerd.sock"};
  endpoints[3].endpoint = {runtime_kind::podman, "/podman.sock"};
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  listing_round round{endpoints};
  round.add(0, answers{container(runtime_kind::containerd, a.c_str(), "on disk"),
                       container(runtime_kind::podman, b.c_str(), "on disk"),
                       container(runtime_kind::podman, "c", "only on disk")});
  round.add(1, answers{container(runtime_kind::crio, a.c_str(), "by CRI")});
  round.add(2, answers{container(runtime_kind::containerd, a.c_str(), "by containerd"),
                       container(runtime_kind::containerd, "c", "another c")});
  round.add(3, answers{container(runtime_kind::podman, b.c_str(), "by podman")});
  std::vector<std::string> names;
  for (const auto& x : round.take().containers)
    names.push_back(x.name);
  std::sort(names.begin(), names.end());
  CHECK(names
        == std::vector<std::string>{"another c", "by containerd", "by podman", "only on disk"});
}
