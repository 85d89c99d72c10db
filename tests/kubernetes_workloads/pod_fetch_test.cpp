// SPDX-License-Identifier: Apache-2.0
#include "actors/kubernetes_workloads/pod_fetch.hpp"

#include "tests/host/temporary_tree.hpp"
#include "tests/kubernetes_workloads/loopback_server.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

std::variant<std::string, fetch_failure> fetch(const pod_source& source) {
  pod_fetch call{source};
  while (call.step(50ms)) {
  }
  return call.take();
}

std::string failure(const pod_source& source) {
  const auto result = fetch(source);
  const auto* found = std::get_if<fetch_failure>(&result);
  return found == nullptr ? "" : found->message;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("pod fetch: the body of the answer") {
  const loopback_server server{[](const std::string&) {
    return loopback_server::ok("{}");
  }};
  const auto result = fetch({server.url("/pods?limit=5"), "", ""});
  REQUIRE(std::holds_alternative<std::string>(result));
  CHECK(std::get<std::string>(result) == "{}");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].starts_with("GET /pods?limit=5 HTTP/1.1\r\n"));
  CHECK(holds(requests[0], "Accept: application/json\r\n"));
  CHECK_FALSE(holds(requests[0], "Authorization"));
}

TEST_CASE("pod fetch: a token is not for plain http, nor what is no token for a header") {
  const temporary_tree tree;
  tree.write("/token", "secret\n");
  tree.write("/broken", "secret\r\nX-Other: 1\n");
  tree.write("/empty", "\n");
  const loopback_server server{[](const std::string&) {
    return loopback_server::ok("{}");
  }};
  CHECK(holds(failure({server.url(), tree.path("/token"), ""}), "plain http"));
  CHECK(server.requests().empty());
  for (const auto* name : {"/broken", "/empty", "/absent"})
    CHECK(holds(failure({"https://127.0.0.1:1/", tree.path(name), ""}), "cannot read a token"));
}

TEST_CASE("pod fetch: refusals, redirections and nobody there") {
  std::string status = "403 Forbidden";
  const loopback_server server{[&](const std::string&) {
    return loopback_server::ok("{}", status);
  }};
  CHECK(holds(failure({server.url(), "", ""}), "token that may list pods"));
  status = "500 Oh";
  CHECK(holds(failure({server.url(), "", ""}), "HTTP 500"));
  status = "302 Found\r\nLocation: http://127.0.0.1:1/";
  CHECK(holds(failure({server.url(), "", ""}), "HTTP 302"));
  CHECK(server.requests().size() == 3);
  CHECK_FALSE(failure({"http://127.0.0.1:1/pods", "", ""}).empty());
  CHECK_FALSE(failure({"file:///etc/passwd", "", ""}).empty());
}

TEST_CASE("pod fetch: who does not answer is left after the timeout") {
  const loopback_server server{[](const std::string&) {
    return std::string{};
  }};
  const auto begun = std::chrono::steady_clock::now();
  CHECK_FALSE(failure({server.url(), "", "", 100ms}).empty());
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
}

TEST_CASE("pod fetch: one that is under way can be given up") {
  const loopback_server server{[](const std::string&) {
    return std::string{};
  }};
  pod_fetch call{{server.url(), "", ""}};
  CHECK(call.step(10ms));
}
