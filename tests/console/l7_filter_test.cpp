// SPDX-License-Identifier: Apache-2.0
#include "actors/console/l7_filter.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

using texts = std::vector<std::string>;

l7_filter filter(const texts& protocols, const texts& statuses, std::string_view duration = "") {
  std::string error;
  auto result = read_l7_filter({protocols, statuses, duration}, error);
  REQUIRE_MESSAGE(result, error);
  return *result;
}

std::string complaint(const texts& protocols, const texts& statuses,
                      std::string_view duration = "") {
  std::string error;
  CHECK_FALSE(read_l7_filter({protocols, statuses, duration}, error));
  return error;
}

l7_exchange answered(l7_protocol protocol, int status, l7_outcome outcome) {
  l7_exchange x;
  x.protocol = protocol;
  x.status = status;
  x.outcome = outcome;
  x.duration_ns = 2'000'000;
  return x;
}

const auto not_found = answered(l7_protocol::http, 404, l7_outcome::failed);
const auto broken = answered(l7_protocol::http2, 503, l7_outcome::failed);
const auto fine = answered(l7_protocol::http, 200, l7_outcome::ok);
const auto stored = answered(l7_protocol::redis, 0, l7_outcome::ok);
const auto no_table = answered(l7_protocol::mysql, 1146, l7_outcome::failed);
const auto called = answered(l7_protocol::grpc, 0, l7_outcome::ok);
const auto silent = answered(l7_protocol::dns, 0, l7_outcome::unknown);

} // namespace

TEST_CASE("l7 filter: without conditions everything is shown") {
  for (const auto& x : {not_found, broken, fine, stored, no_table, called, silent})
    CHECK(l7_filter{}.matches(x));
}

TEST_CASE("l7 filter: by protocol, any of those given") {
  const auto two = filter({"http", "redis"}, {});
  CHECK(two.matches(fine));
  CHECK(two.matches(stored));
  CHECK_FALSE(two.matches(broken));
}

TEST_CASE("l7 filter: by code, class and outcome, any of those given") {
  CHECK(filter({}, {"404"}).matches(not_found));
  CHECK_FALSE(filter({}, {"404"}).matches(fine));
  CHECK(filter({}, {"4xx", "5xx"}).matches(not_found));
  CHECK(filter({}, {"4xx", "5xx"}).matches(broken));
  CHECK_FALSE(filter({}, {"4xx", "5xx"}).matches(fine));
  CHECK(filter({}, {"1146"}).matches(no_table));
  CHECK_FALSE(filter({}, {"1xx"}).matches(no_table));
  CHECK(filter({}, {"ok"}).matches(stored));
  CHECK(filter({}, {"failed"}).matches(no_table));
  CHECK(filter({}, {"unknown"}).matches(silent));
  CHECK_FALSE(filter({}, {"ok", "failed"}).matches(silent));
}

TEST_CASE("l7 filter: zero is a code of gRPC and DNS only, and of an answer only") {
  const auto zero = filter({}, {"0"});
  CHECK(zero.matches(called));
  CHECK_FALSE(zero.matches(stored));
  CHECK_FALSE(zero.matches(silent));
}

TEST_CASE("l7 filter: by duration") {
  CHECK(filter({}, {}, "2ms").matches(fine));
  CHECK(filter({}, {}, "1999us").matches(fine));
  CHECK_FALSE(filter({}, {}, "2.1ms").matches(fine));
  CHECK_FALSE(filter({}, {}, "1s").matches(fine));
}

TEST_CASE("l7 filter: what cannot be understood is named") {
  CHECK(complaint({"postgre"}, {})
            .starts_with("--protocol 'postgre': unknown protocol; did you mean 'postgres'?; known: "
                         "http, http2, "));
  CHECK(complaint({"opaque"}, {}).starts_with("--protocol 'opaque': unknown protocol"));
  for (const auto* text : {"", "xx", "0xx", "40x", "5x", "4 04", "OK", "404x"})
    CHECK(complaint({}, {text}).find("write a code like 404") != std::string::npos);
  for (const auto* text : {"5", "ms", "-1s", "1d", "nans", "1e9s"})
    CHECK(complaint({}, {}, text).find("write a time with its unit") != std::string::npos);
}
