// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/generator.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <set>

namespace troupe {

TEST_CASE("a generated stream is well formed, and its own account of it is true") {
  generator_options options;
  options.containers = 7;
  options.connections_open = 5;
  options.records = 20'000;
  options.churn_per_second = 100;
  generator made{options};
  std::vector<std::byte> bytes;
  while (made.next(bytes, 4096)) {
  }
  std::map<uint16_t, uint64_t> kinds;
  std::set<uint64_t> open;
  uint64_t sent = 0;
  uint64_t last_ns = 0;
  for (size_t at = 0; at < bytes.size();) {
    event_header header{};
    REQUIRE(bytes.size() - at >= sizeof(header));
    std::memcpy(&header, bytes.data() + at, sizeof(header));
    REQUIRE(header.size >= sizeof(header));
    REQUIRE(header.size % 8 == 0);
    REQUIRE(header.size <= bytes.size() - at);
    CHECK(header.time_ns >= last_ns);
    last_ns = header.time_ns;
    ++kinds[header.kind];
    tcp_connection_totals record{};
    std::memcpy(&record, bytes.data() + at, std::min<size_t>(header.size, sizeof(record)));
    if (header.kind == EVENT_TCP_OPENED)
      CHECK(open.insert(record.connection.socket_cookie).second);
    if (header.kind == EVENT_TCP_CLOSED) {
      CHECK(open.erase(record.connection.socket_cookie) == 1);
      sent += record.bytes_sent;
    }
    at += header.size;
  }
  CHECK(kinds[EVENT_TCP_OPENED] == made.connects());
  CHECK(sent == made.bytes_sent());
  CHECK(kinds[EVENT_CGROUP_CREATED] == kinds[EVENT_CGROUP_REMOVED]);
  CHECK(made.containers_made() == 7 + kinds[EVENT_CGROUP_CREATED]);
  // 20,000 records at 100,000 a second are 0.2 s; the twentieth change would be at its very end.
  CHECK(kinds[EVENT_CGROUP_CREATED] == 19);
}

} // namespace troupe
