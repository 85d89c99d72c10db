// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/gzip.hpp"
#include "actors/exporter/listen_address.hpp"
#include "actors/exporter/metrics_doc.hpp"
#include "actors/exporter/process_usage.hpp"

#include <doctest/doctest.h>

#include <ctime>

using namespace troupe;

TEST_CASE("listen address: IP:PORT, :PORT, [IPV6]:PORT and localhost are understood") {
  const auto v4 = parse_listen_address("127.0.0.1:9912");
  REQUIRE(v4);
  CHECK(v4->address.ss_family == AF_INET);
  CHECK(v4->port() == 9912);
  CHECK_FALSE(v4->every_family);
  const auto v6 = parse_listen_address("[::1]:80");
  REQUIRE(v6);
  CHECK(v6->address.ss_family == AF_INET6);
  CHECK(v6->port() == 80);
  const auto any = parse_listen_address(":9912");
  REQUIRE(any);
  CHECK(any->every_family);
  CHECK(any->port() == 9912);
  CHECK(parse_listen_address("localhost:1")->address.ss_family == AF_INET);
  CHECK(parse_listen_address("0.0.0.0:0")->port() == 0);
}

TEST_CASE("listen address: anything else is refused") {
  for (const auto* text :
       {"", ":", "9912", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000",
        "127.0.0.1:-1", "127.0.0.1: 80", "::1:80", "[::1]", "[::1:80", "[]:80", "[127.0.0.1]:80",
        "host.example:80", "256.0.0.1:80", "127.0.0.1:80 ", "127.0.0.1:80,90"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_listen_address(text));
  }
  CHECK_FALSE(parse_listen_address(std::string_view{"127.0.0.1\0.5:80", 15}));
}

TEST_CASE("loopback: only addresses that cannot come from outside") {
  for (const auto* ip : {"127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1"})
    CHECK_MESSAGE(is_loopback(ip), ip);
  for (const auto* ip : {"10.0.0.1", "128.0.0.1", "::", "fe80::1", "::ffff:10.0.0.1", "::2", "",
                         "localhost", "127.0.0.1x", "0.0.0.0"})
    CHECK_FALSE_MESSAGE(is_loopback(ip), ip);
}

TEST_CASE("gzip: is used when the client names it and does not refuse it") {
  for (const auto* header : {"gzip", "deflate, gzip;q=1.0, *;q=0.5", " gzip ;q=0.1", "br,gzip"})
    CHECK_MESSAGE(accepts_gzip(header), header);
  for (const auto* header : {"", "identity", "gzip;q=0", "gzip;q=0.000", "xgzip", "br,gzipped"})
    CHECK_FALSE_MESSAGE(accepts_gzip(header), header);
}

TEST_CASE("process usage: this process has threads, descriptors, memory and a start") {
  const auto usage = read_process_usage();
  CHECK(usage.threads >= 1);
  CHECK(usage.open_fds >= 3);
  CHECK(usage.max_fds >= usage.open_fds);
  CHECK(usage.resident_bytes > 1'000'000);
  CHECK(usage.virtual_bytes > usage.resident_bytes);
  const auto now = static_cast<uint64_t>(time(nullptr)) * 1'000'000'000;
  CHECK(usage.start_time_ns <= now + 1'000'000'000);
  CHECK(usage.start_time_ns > now - 3'600'000'000'000);
  CHECK(uptime_ns() > 0);
}

TEST_CASE("process usage: without procfs everything is 0") {
  const auto usage = read_process_usage("/nonexistent");
  CHECK(usage.threads == 0);
  CHECK(usage.start_time_ns == 0);
}

TEST_CASE("metrics documentation: has a row for a family of every scope") {
  const auto text = metrics_markdown();
  for (const auto* row : {"| `container_restarts_total` | counter |", "| `node_info` | gauge |",
                          "| `process_threads` | gauge |"})
    CHECK_MESSAGE(text.find(row) != std::string::npos, row);
}
