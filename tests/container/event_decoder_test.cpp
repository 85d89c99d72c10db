// SPDX-License-Identifier: Apache-2.0
#include "actors/container/event_decoder.hpp"

#include "tests/container/records.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe;

namespace {

/// Notes each call as text.
struct notebook {
  std::vector<std::string> seen;

  void forked(const process_forked& x) { note("forked", x.header); }
  void executed(const process_executed& x, std::string_view argv) {
    note("executed", x.header);
    for (auto c : argv) // Reads every byte: the sanitizer watches.
      seen.back() += c == '\0' ? '|' : c;
  }
  void exited(const process_exited& x) { note("exited", x.header); }
  void moved(const process_moved& x) { note("moved", x.header); }
  void found(const process_found& x) { note("found", x.header); }
  void cgroup_created(const cgroup_event& x, std::string_view path) {
    note("created", x.header);
    seen.back() += path;
  }
  void cgroup_removed(const cgroup_event& x) { note("removed", x.header); }
  void listen_opened(const tcp_listen& x) { note("listen", x.header); }
  void listen_closed(const tcp_listen& x) { note("unlisten", x.header); }
  void tcp_opened(const tcp_connection& x) { note("opened", x.header); }
  void tcp_connect_failed(const tcp_connection_totals& x) { note("failed", x.connection.header); }
  void tcp_closed(const tcp_connection_totals& x) {
    note("closed", x.connection.header);
    seen.back() += std::to_string(x.bytes_sent);
  }
  void tcp_progress(const tcp_connection_totals& x) { note("progress", x.connection.header); }
  void l7_captured(const l7_chunk& x, std::string_view bytes) {
    note("l7", x.header);
    seen.back() += bytes;
  }
  void l7_datagram(const l7_chunk& x, std::string_view bytes) {
    note("datagram", x.header);
    seen.back() += bytes;
  }
  void l7_turned(const l7_turns& x) { note("turns", x.header); }

  void note(const char* what, const event_header& header) {
    seen.push_back(std::string{what} + " " + std::to_string(header.pid) + " ");
  }
};

cgroup_event cgroup_record(event_kind kind, size_t path_size) {
  cgroup_event record{};
  record.header.kind = kind;
  record.header.pid = 3;
  record.path_size = static_cast<uint16_t>(path_size);
  return record;
}

l7_chunk chunk_record(size_t captured, event_kind kind = EVENT_L7_CHUNK) {
  l7_chunk record{};
  record.header.kind = kind;
  record.header.pid = 6;
  record.captured = static_cast<uint16_t>(captured);
  return record;
}

event_batch every_kind() {
  using namespace std::string_view_literals;
  record_writer w;
  const process_id a{1, 10};
  const test_connection c{.owner = {2, 20}};
  w.forked(a, {9, 9}).executed(a, "sh", "sh\0-c\0exit\0"sv).exited(a).moved(a).found(a, "sh");
  w.add(cgroup_record(EVENT_CGROUP_CREATED, 7), "/docker")
      .add(cgroup_record(EVENT_CGROUP_REMOVED, 0));
  w.listen_opened(5, "0.0.0.0", 80, {4, 4}).listen_closed(5, "0.0.0.0", 80);
  w.opened(c).connect_failed(c).closed(c, {.sent = 77}).progress(c);
  w.add(chunk_record(3), "GET");
  l7_turns turns{};
  turns.header.kind = EVENT_L7_TURNS;
  turns.header.pid = 8;
  w.add(turns, {});
  w.add(chunk_record(3, EVENT_L7_DATAGRAM), "ask");
  return w.take();
}

} // namespace

TEST_CASE("decoder: every kind reaches its method, in order, with what follows the struct") {
  const auto batch = every_kind();
  notebook notes;
  const auto result = decode_records(batch.records, notes);
  CHECK(result.status == decode_status::ok);
  CHECK(result.decoded == EVENT_KIND_COUNT - 1);
  CHECK(notes.seen
        == std::vector<std::string>{"forked 1 ", "executed 1 sh|-c|exit|", "exited 1 ", "moved 1 ",
                                    "found 1 ", "created 3 /docker", "removed 3 ", "listen 4 ",
                                    "unlisten 0 ", "opened 2 ", "failed 2 ", "closed 2 77",
                                    "progress 2 ", "l7 6 GET", "turns 8 ", "datagram 6 ask"});
}

TEST_CASE("decoder: nothing is decoded of an empty batch, and nothing is wrong with it") {
  const auto result = decode_records({}, notebook{});
  CHECK(result.status == decode_status::ok);
  CHECK(result.decoded == 0);
}

TEST_CASE("decoder: a batch cut at any byte gives the records before the cut") {
  const auto whole = every_kind();
  std::vector<size_t> ends{0};
  while (ends.back() < whole.records.size()) {
    event_header header{};
    std::memcpy(&header, whole.records.data() + ends.back(), sizeof(header));
    ends.push_back(ends.back() + header.size);
  }
  for (size_t length = 0; length < whole.records.size(); ++length) {
    // A buffer of its own, so that a read beyond the end is a read beyond the allocation.
    const std::vector<std::byte> cut(whole.records.begin(),
                                     whole.records.begin() + static_cast<std::ptrdiff_t>(length));
    const auto result = decode_records(cut, notebook{});
    const auto complete = std::upper_bound(ends.begin(), ends.end(), length) - ends.begin() - 1;
    const bool clean = std::find(ends.begin(), ends.end(), length) != ends.end();
    REQUIRE(result.decoded == static_cast<uint32_t>(complete));
    REQUIRE(result.status == (clean ? decode_status::ok : decode_status::invalid));
  }
}

TEST_CASE("decoder: a record of a hostile size ends the walk before it") {
  for (const uint16_t size : {0, 1, 7, 8, 31, 32, 40, 55, 57, 60, 63, 65, 0xfff8, 0xffff}) {
    record_writer w;
    auto batch = w.found({1, 1}, "a").forked({2, 2}, {1, 1}).found({3, 3}, "c").take();
    std::memcpy(batch.records.data() + sizeof(process_found) + offsetof(event_header, size), &size,
                sizeof(size));
    notebook notes;
    const auto result = decode_records(batch.records, notes);
    CHECK(result.status == decode_status::invalid);
    CHECK(result.decoded == 1);
  }
}

TEST_CASE("decoder: a size at which a record swallows its neighbours is a longer record") {
  record_writer w;
  auto batch = w.forked({2, 2}, {1, 1}).found({3, 3}, "c").take();
  const auto size = static_cast<uint16_t>(batch.records.size());
  std::memcpy(batch.records.data() + offsetof(event_header, size), &size, sizeof(size));
  const auto result = decode_records(batch.records, notebook{});
  CHECK(result.status == decode_status::ok);
  CHECK(result.decoded == 1);
}

TEST_CASE("decoder: a kind that there is not ends the walk") {
  for (const uint16_t kind : {0, int{EVENT_KIND_COUNT}, 255, 0xffff}) {
    record_writer w;
    auto batch = w.found({1, 1}, "a").found({2, 2}, "b").take();
    std::memcpy(batch.records.data() + sizeof(process_found) + offsetof(event_header, kind), &kind,
                sizeof(kind));
    const auto result = decode_records(batch.records, notebook{});
    CHECK(result.status == decode_status::invalid);
    CHECK(result.decoded == 1);
  }
}

TEST_CASE("decoder: argv or a path that is longer than its record is refused") {
  record_writer w;
  process_executed executed{};
  executed.header.kind = EVENT_PROCESS_EXECUTED;
  executed.argv_size = 9;
  w.add(executed, "12345678");
  CHECK(decode_records(w.take().records, notebook{}).status == decode_status::invalid);
  w.add(cgroup_record(EVENT_CGROUP_CREATED, 0xffff), "/docker");
  CHECK(decode_records(w.take().records, notebook{}).status == decode_status::invalid);
}

TEST_CASE("decoder: a buffer that is not aligned is refused as a whole") {
  record_writer w;
  auto batch = w.found({1, 1}, "a").take();
  batch.records.insert(batch.records.begin(), std::byte{0});
  const auto result = decode_records(std::span{batch.records}.subspan(1), notebook{});
  CHECK(result.status == decode_status::invalid);
  CHECK(result.decoded == 0);
}
