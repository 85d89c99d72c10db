// SPDX-License-Identifier: Apache-2.0
#include "actors/container/destination.hpp"

#include "tests/container/records.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

endpoint make(const std::string& ip, uint16_t port) {
  __u8 raw[16];
  set_ip(raw, ip);
  return {to_ip(raw), port};
}

std::string folded(const std::string& ip, uint16_t port, port_range range = {}) {
  return to_text(fold_destination(make(ip, port), range));
}

} // namespace

TEST_CASE("destination: IPv4 is written as such, also when it came v4-mapped") {
  CHECK(to_text(make("10.1.2.3", 80)) == "10.1.2.3:80");
  CHECK(to_text(make("::ffff:10.1.2.3", 80)) == "10.1.2.3:80");
  CHECK(to_text(make("255.255.255.255", 65535)) == "255.255.255.255:65535");
}

TEST_CASE("destination: IPv6 is written in brackets and in its short form") {
  CHECK(to_text(make("fd00:0:0:0:0:0:0:1", 443)) == "[fd00::1]:443");
  CHECK(to_text(make("fd00::1", 0).ip) == "fd00::1");
  CHECK(to_text(make("::10.1.2.3", 1)) == "[::10.1.2.3]:1"); // v4-compatible is not v4-mapped
}

TEST_CASE("destination: all of the loopback network is one address") {
  CHECK(folded("127.0.0.1", 80) == "127.0.0.1:80");
  CHECK(folded("127.9.8.7", 80) == "127.0.0.1:80");
  CHECK(folded("::1", 80) == "[::1]:80");
  CHECK(folded("128.0.0.2", 80) == "128.0.0.2:80");
  CHECK(folded("7f00::2", 80) == "[7f00::2]:80");
}

TEST_CASE("destination: a port of the ephemeral range becomes 0, its neighbours stay") {
  CHECK(folded("10.0.0.1", 32767) == "10.0.0.1:32767");
  CHECK(folded("10.0.0.1", 32768) == "10.0.0.1:0");
  CHECK(folded("10.0.0.1", 60999) == "10.0.0.1:0");
  CHECK(folded("10.0.0.1", 61000) == "10.0.0.1:61000");
  CHECK(folded("10.0.0.1", 1024, {1024, 2048}) == "10.0.0.1:0");
}
