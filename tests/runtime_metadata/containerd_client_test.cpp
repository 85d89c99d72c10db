// SPDX-License-Identifier: Apache-2.0
// What containerd answers is tested with a real one, end to end. Here: what it must survive.
#include "actors/runtime_metadata/containerd_client.hpp"

#include "tests/runtime_metadata/fake_socket.hpp"

#include <doctest/doctest.h>

#include <atomic>

using namespace troupe;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

struct containerd_test {
  scratch_folder folder;
  std::string path = folder / "containerd.sock";
  containerd_client client{{runtime_kind::containerd, path}};
  std::stop_source stop;
  call_limits limits{300ms, stop.get_token()};

  ec version_error() {
    auto version = client.version(limits);
    REQUIRE_FALSE(version);
    CHECK(version.error().message.find(path) != std::string::npos);
    return version.error().code;
  }
};

} // namespace

TEST_CASE_FIXTURE(containerd_test, "containerd client: a socket that is not there is absent") {
  CHECK(version_error() == ec::runtime_absent);
  CHECK(client
            .watch({[] {},
                    [](const runtime_event&) {
                    }},
                   limits)
            .code
        == ec::runtime_absent);
}

TEST_CASE_FIXTURE(containerd_test,
                  "containerd client: a socket that never answers costs the limit") {
  fake_socket hung{path, [](fake_connection& peer) {
                     peer.hang();
                   }};
  const auto begun = steady_clock::now();
  CHECK(version_error() == ec::runtime_timeout);
  CHECK(steady_clock::now() - begun < 2s);
}

TEST_CASE_FIXTURE(containerd_test, "containerd client: a stop ends a call at once") {
  fake_socket hung{path, [](fake_connection& peer) {
                     peer.hang();
                   }};
  limits.timeout = 30s;
  steady_clock::time_point begun;
  std::thread stopper{[&] {
    while (hung.accepted() == 0)
      std::this_thread::yield();
    begun = steady_clock::now();
    stop.request_stop();
  }};
  auto version = client.version(limits);
  const auto ended = steady_clock::now();
  stopper.join();
  REQUIRE_FALSE(version);
  CHECK(version.error().code == ec::shutting_down);
  CHECK(ended - begun < 250ms);
}

TEST_CASE_FIXTURE(containerd_test, "containerd client: garbage and closed connections are errors, "
                                   "and the next call tries anew") {
  std::atomic<const char*> answer{""}; // Read by the socket's threads.
  fake_socket fake{path, [&](fake_connection& peer) {
                     peer.write(answer.load());
                   }};
  for (const char* text :
       {"", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x00\x00\x00\x00", "\xff\xff\xff"}) {
    answer = text;
    const auto code = version_error();
    CHECK((code == ec::runtime_unreachable || code == ec::runtime_timeout
           || code == ec::runtime_garbage));
  }
  CHECK(fake.accepted() >= 4);
}

TEST_CASE_FIXTURE(containerd_test, "containerd client: ids and namespaces from outside are checked "
                                   "before they are sent") {
  fake_socket hung{path, [](fake_connection& peer) {
                     peer.hang();
                   }};
  const auto begun = steady_clock::now();
  for (const container_query& query :
       {container_query{"a\r\nb", ""}, container_query{"web", "x y"}, container_query{"", ""}}) {
    auto answer = client.inspect(query, {10s, {}});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ec::unknown_container);
  }
  CHECK(steady_clock::now() - begun < 1s);
}
