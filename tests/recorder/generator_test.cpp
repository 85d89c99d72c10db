// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/connections.hpp"
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

namespace {

std::map<uint16_t, uint64_t> kinds_of(const std::vector<std::byte>& bytes) {
  std::map<uint16_t, uint64_t> kinds;
  for (size_t at = 0; at < bytes.size();) {
    event_header header{};
    std::memcpy(&header, bytes.data() + at, sizeof(header));
    ++kinds[header.kind];
    at += header.size;
  }
  return kinds;
}

std::map<uint16_t, uint64_t> kinds_of(generated_load load) {
  generator_options options;
  options.load = load;
  options.containers = 10;
  options.connections_open = 5;
  options.records = 300;
  generator made{options};
  std::vector<std::byte> bytes;
  while (made.next(bytes, 4096)) {
  }
  return kinds_of(bytes);
}

} // namespace

TEST_CASE("each load is made of its own kinds of records") {
  using counts = std::map<uint16_t, uint64_t>;
  CHECK(kinds_of(generated_load::connections)
        == counts{{EVENT_TCP_OPENED, 150}, {EVENT_TCP_CLOSED, 150}});
  CHECK(kinds_of(generated_load::progress)
        == counts{{EVENT_TCP_OPENED, 50}, {EVENT_TCP_PROGRESS, 250}});
  CHECK(kinds_of(generated_load::requests)
        == counts{{EVENT_TCP_OPENED, 50}, {EVENT_L7_CHUNK, 250}});
  CHECK(kinds_of(generated_load::processes)
        == counts{{EVENT_PROCESS_FORKED, 100},
                  {EVENT_PROCESS_EXECUTED, 100},
                  {EVENT_PROCESS_EXITED, 100}});
  CHECK(kinds_of(generated_load::cgroups)
        == counts{{EVENT_CGROUP_CREATED, 150}, {EVENT_CGROUP_REMOVED, 150}});
}

namespace {

/// Counts what is understood of chunks.
struct counted_requests final : l7::observer {
  void exchanged(const l7::connection_ends& /*ends*/, l7_exchange exchange) override {
    CHECK(exchange.operation == "GET /cart");
    CHECK(exchange.status == 200);
    ++count;
  }
  void not_understood(l7_protocol /*protocol*/, l7::unparsed /*why*/, uint64_t bytes) override {
    lost += bytes;
  }
  void captured(l7_protocol /*protocol*/, uint64_t /*bytes*/) override {}
  void decided(uint64_t /*socket_cookie*/, const l7_verdict& /*verdict*/) override {}
  void turned(const l7::connection_ends& /*ends*/, l7_protocol /*protocol*/,
              const l7::turn_counts& /*turns*/) override {}

  uint64_t count = 0;
  uint64_t lost = 0;
};

} // namespace

TEST_CASE("generated requests are understood") {
  generator_options options;
  options.load = generated_load::requests;
  options.containers = 4;
  options.connections_open = 3;
  options.records = 10'000;
  generator made{options};
  std::vector<std::byte> bytes;
  while (made.next(bytes, 4096)) {
  }
  l7::connections connections;
  counted_requests heard;
  for (size_t at = 0; at < bytes.size();) {
    event_header header{};
    std::memcpy(&header, bytes.data() + at, sizeof(header));
    if (header.kind == EVENT_L7_CHUNK) {
      l7_chunk record{};
      std::memcpy(static_cast<void*>(&record), bytes.data() + at, sizeof(record));
      const auto* const captured =
          reinterpret_cast<const char*>(bytes.data() + at + sizeof(record));
      connections.take(record, {captured, record.captured}, heard);
    }
    at += header.size;
  }
  CHECK(made.answers() > 4'900);
  CHECK(heard.count == made.answers());
  CHECK(heard.lost == 0);
}

TEST_CASE("each container meets every destination") {
  generator_options options;
  options.containers = 10;
  options.destinations = 5;
  options.connections_open = 10;
  options.records = 100;
  generator made{options};
  std::vector<std::byte> bytes;
  made.next(bytes, size_t{100} * sizeof(tcp_connection));
  std::set<std::pair<uint64_t, uint8_t>> met;
  for (size_t at = 0; at < bytes.size(); at += sizeof(tcp_connection)) {
    tcp_connection record{};
    std::memcpy(&record, bytes.data() + at, sizeof(record));
    met.emplace(record.header.cgroup_id, record.endpoints.remote[15]);
  }
  CHECK(met.size() == 50);
}

} // namespace troupe
