// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/generator.hpp"
#include "actors/recorder/recording_source.hpp"
#include "actors/recorder/recording_writer.hpp"
#include "actors/recorder/replay_source.hpp"
#include "tests/recorder/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <deque>

namespace troupe {

namespace {

using namespace std::chrono_literals;

class collector final : public record_sink {
public:
  void take(const event_header& record) override {
    const auto* from = reinterpret_cast<const std::byte*>(&record);
    bytes.insert(bytes.end(), from, from + record.size);
    ++records;
  }
  std::vector<std::byte> bytes;
  uint64_t records = 0;
};

/// Gives prepared bytes, a poll at a time.
class prepared_source final : public event_source {
public:
  explicit prepared_source(std::deque<std::vector<std::byte>> polls) : polls_(std::move(polls)) {}

  void poll(std::chrono::milliseconds /*wait*/, record_sink& sink) override {
    if (polls_.empty())
      return;
    for (size_t at = 0; at < polls_.front().size();) {
      const auto* record = reinterpret_cast<const event_header*>(polls_.front().data() + at);
      sink.take(*record);
      at += record->size;
    }
    polls_.pop_front();
  }
  bool walk_processes(record_sink& /*sink*/) override { return true; }
  void scan_sockets(record_sink& /*sink*/) override {}
  void walk_sockets(record_sink& /*sink*/) override {}
  void set_ignored(cgroup_id /*cgroup*/, bool /*ignored*/) override {}
  [[nodiscard]] std::vector<feature_status> features() const override { return {}; }
  [[nodiscard]] std::vector<loss_count> losses() override { return {}; }
  [[nodiscard]] bool lost_lifecycle() override { return false; }
  [[nodiscard]] std::vector<map_usage> map_usages() override { return {}; }

private:
  std::deque<std::vector<std::byte>> polls_;
};

std::deque<std::vector<std::byte>> generated_polls(uint64_t records) {
  generator_options options;
  options.records = records;
  generator made{options};
  std::deque<std::vector<std::byte>> polls;
  for (bool more = true; more;) {
    polls.emplace_back();
    more = made.next(polls.back(), 100'000);
  }
  return polls;
}

replay_source open_replay(const std::string& path, replay_progress& result) {
  recording_reader in;
  REQUIRE(in.open(path).empty());
  replay_listener listener;
  listener.cgroups = [](std::vector<cgroup_found>&&) {
  };
  listener.metadata = [](recorded_metadata&&) {
  };
  listener.finished = [&result](const replay_progress& x) {
    result = x;
  };
  return {std::move(in), replay_source::no_pace, std::move(listener)};
}

} // namespace

TEST_CASE("what passes a recording source is replayed byte by byte") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  const auto polls = generated_polls(50'000);
  collector live;
  recording_writer out;
  REQUIRE(out.open(path, {}, {}).empty());
  {
    recording_source source{std::make_unique<prepared_source>(polls),
                            [&out](std::vector<std::byte>&& records) {
                              return out.write(frame_kind::records, records).empty();
                            },
                            [](const std::vector<loss_count>&) {
                              FAIL("nothing was lost");
                            }};
    for (size_t i = 0; i < polls.size(); ++i)
      source.poll(0ms, live);
    CHECK(source.losses().empty());
  } // Its destructor hands on what is left.
  REQUIRE(out.finish().empty());
  replay_progress result;
  auto replay = open_replay(path, result);
  collector replayed;
  while (!result.finished)
    replay.poll(0ms, replayed);
  CHECK(replayed.records == 50'000);
  CHECK(replayed.bytes == live.bytes);
  CHECK(result.records == 50'000);
  CHECK(result.error.empty());
}

TEST_CASE("chunks that nobody takes are counted by their records, the events go on") {
  const auto polls = generated_polls(10'000);
  collector live;
  std::vector<loss_count> reported;
  recording_source source{std::make_unique<prepared_source>(polls),
                          [](std::vector<std::byte>&&) { return false; },
                          [&](const std::vector<loss_count>& x) {
                            reported = x;
                          }};
  for (size_t i = 0; i < polls.size(); ++i)
    source.poll(0ms, live);
  source.walk_sockets(live);
  CHECK(live.records == 10'000);
  REQUIRE(source.losses().size() == 1);
  CHECK(source.losses()[0].count == 10'000);
  CHECK(source.losses()[0].stage == "recorder");
  REQUIRE(reported.size() == 1); // At the tick: walk_sockets().
  CHECK(reported[0].count == 10'000);
}

TEST_CASE("what stands between the records goes to the listener, in its place") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  const auto polls = generated_polls(100);
  recording_writer out;
  REQUIRE(out.open(path, {}, {}).empty());
  REQUIRE(
      out.write(frame_kind::cgroups, encode(std::vector<cgroup_found>{{7, "/docker/x"}})).empty());
  REQUIRE(out.write(frame_kind::records, polls.front()).empty());
  recorded_metadata said;
  said.answer.name = "web";
  REQUIRE(out.write(frame_kind::metadata, encode(said)).empty());
  REQUIRE(out.write(frame_kind::losses,
                    encode(std::vector<loss_count>{{"kernel", "ring_full", "tcp_closed", 3}}))
              .empty());
  REQUIRE(out.write(frame_kind::metadata, {}).empty()); // Not what encode() makes.
  REQUIRE(out.finish().empty());
  recording_reader in;
  REQUIRE(in.open(path).empty());
  std::vector<std::string> story;
  collector replayed;
  replay_progress result;
  replay_listener listener;
  listener.cgroups = [&](std::vector<cgroup_found>&& x) {
    story.push_back(x.at(0).path);
  };
  listener.metadata = [&](recorded_metadata&& x) {
    story.push_back(std::to_string(replayed.records) + " records, then " + x.answer.name);
  };
  listener.finished = [&](const replay_progress& x) {
    result = x;
  };
  replay_source replay{std::move(in), replay_source::no_pace, std::move(listener)};
  while (!result.finished)
    replay.poll(0ms, replayed);
  CHECK(story == std::vector<std::string>{"/docker/x", "100 records, then web"});
  CHECK(result.invalid_frames == 1);
  REQUIRE(result.losses.size() == 1);
  CHECK(result.losses[0].count == 3);
}

TEST_CASE("at the recorded pace nothing comes before its time") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  generator made{{.containers = 2, .connections_open = 2, .records = 3, .events_per_second = 1}};
  std::vector<std::byte> records;
  REQUIRE_FALSE(made.next(records, 1U << 20));
  recording_description description;
  // The first is older than the recording, as a socket's that was open before; the others are an
  // hour younger.
  constexpr uint64_t hour_ns = 3'600'000'000'000;
  for (size_t at = 0; at < records.size();) {
    auto& header = *reinterpret_cast<event_header*>(records.data() + at);
    header.time_ns += at == 0 ? 0 : hour_ns;
    at += header.size;
  }
  description.started_boottime_ns = generator::started_boottime_ns + 1;
  recording_writer out;
  REQUIRE(out.open(path, description, {}).empty());
  REQUIRE(out.write(frame_kind::records, records).empty());
  REQUIRE(out.finish().empty());
  recording_reader in;
  REQUIRE(in.open(path).empty());
  replay_listener listener;
  listener.finished = [](const replay_progress&) {
    FAIL("an hour is not over");
  };
  replay_source replay{std::move(in), 1, std::move(listener)};
  collector replayed;
  replay.poll(0ms, replayed);
  replay.poll(0ms, replayed);
  CHECK(replayed.records == 1);
}

TEST_CASE("a poll gives a bounded amount, and the next one goes on behind it") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  recording_writer out;
  REQUIRE(out.open(path, {}, {}).empty());
  uint64_t written = 0;
  for (const auto& records : generated_polls(20'000)) {
    REQUIRE(out.write(frame_kind::records, records).empty());
    written += records.size();
  }
  REQUIRE(out.finish().empty());
  replay_progress result;
  auto replay = open_replay(path, result);
  collector replayed;
  size_t before = 0;
  while (!result.finished) {
    replay.poll(0ms, replayed);
    CHECK(replayed.bytes.size() - before <= replayed_bytes_a_poll);
    before = replayed.bytes.size();
  }
  CHECK(replayed.bytes.size() == written);
}

TEST_CASE("a replay of a recording that was cut off gives what is there and tells the offset") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  recording_writer out;
  REQUIRE(out.open(path, {}, {}).empty());
  for (const auto& records : generated_polls(20'000))
    REQUIRE(out.write(frame_kind::records, records).empty());
  REQUIRE(out.finish().empty());
  const auto whole = content_of(path);
  fill(path, whole.substr(0, whole.size() / 2));
  replay_progress result;
  auto replay = open_replay(path, result);
  collector replayed;
  while (!result.finished)
    replay.poll(0ms, replayed);
  CHECK(replayed.records > 0);
  CHECK(replayed.records < 20'000);
  CHECK(replayed.records == result.records);
  CHECK(result.error.find("at offset ") != std::string::npos);
}

TEST_CASE("a frame without records is passed over") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  recording_writer out;
  REQUIRE(out.open(path, {}, {}).empty());
  REQUIRE(out.write(frame_kind::records, {}).empty());
  REQUIRE(out.write(frame_kind::records, generated_polls(10).front()).empty());
  REQUIRE(out.finish().empty());
  replay_progress result;
  auto replay = open_replay(path, result);
  collector replayed;
  while (!result.finished)
    replay.poll(0ms, replayed);
  CHECK(replayed.records > 0);
  CHECK(result.invalid_frames == 0);
  CHECK(result.error.empty());
}

TEST_CASE("records that cannot be end their frame and are counted") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  auto polls = generated_polls(1'000);
  auto& first = polls.front();
  const uint16_t too_small = 8;
  std::memcpy(first.data() + offsetof(event_header, size), &too_small, sizeof(too_small));
  recording_writer out;
  REQUIRE(out.open(path, {}, {}).empty());
  for (const auto& records : polls)
    REQUIRE(out.write(frame_kind::records, records).empty());
  REQUIRE(out.finish().empty());
  replay_progress result;
  auto replay = open_replay(path, result);
  collector replayed;
  while (!result.finished)
    replay.poll(0ms, replayed);
  CHECK(result.invalid_frames == 1);
  CHECK(replayed.records == result.records);
}

} // namespace troupe
