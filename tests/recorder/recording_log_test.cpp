// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/generator.hpp"
#include "actors/recorder/recording_log.hpp"
#include "actors/recorder/recording_reader.hpp"
#include "tests/recorder/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <set>

namespace troupe {

namespace {

recorded_metadata metadata_of(uint64_t container, bool removed) {
  recorded_metadata x;
  x.answer = generator::metadata_of(generator::runtime_id(container));
  x.asked.runtime = runtime_kind::docker;
  x.asked.id = x.answer.id;
  x.removed = removed;
  return x;
}

std::vector<recording_chunk> chunks_of(generator& made) {
  std::vector<recording_chunk> chunks;
  for (bool more = true; more;) {
    chunks.emplace_back();
    more = made.next(chunks.back().records, 64U << 10);
  }
  return chunks;
}

std::vector<frame_kind> kinds_in(const std::string& path) {
  recording_reader in;
  REQUIRE(in.open(path).empty());
  std::vector<frame_kind> kinds;
  while (const auto frame = in.next())
    kinds.push_back(frame->kind);
  CHECK(in.complete());
  return kinds;
}

} // namespace

TEST_CASE("records wait for the first walk, so that a file begins with the cgroups") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  generator made{{.records = 1'000}};
  auto chunks = chunks_of(made);
  recording_log log{path, {}};
  log.begin({});
  for (auto& x : chunks)
    log.add(std::move(x));
  CHECK(log.take_done() == 0);
  log.add(cgroup_listing{made.cgroups(), true});
  CHECK(log.take_done() == chunks.size());
  log.finish();
  CHECK(log.status().error.empty());
  CHECK(log.status().records == made.records_made());
  CHECK(log.status().cgroups == 12);
  const auto kinds = kinds_in(path);
  REQUIRE(kinds.size() == chunks.size() + 1);
  CHECK(kinds.front() == frame_kind::cgroups);
}

TEST_CASE("without a walk the end writes what was kept back") {
  temporary_folder folder;
  const auto path = folder.file("recording");
  generator made{{.records = 1'000}};
  auto chunks = chunks_of(made);
  recording_log log{path, {}};
  log.begin({});
  for (auto& x : chunks)
    log.add(std::move(x));
  log.finish();
  CHECK(log.take_done() == chunks.size());
  CHECK(kinds_in(path).size() == chunks.size());
}

TEST_CASE("after a rotation a file begins with the cgroups and the metadata of that moment") {
  temporary_folder folder;
  const auto path = folder.file("rotated");
  generator made{{.records = 400'000, .events_per_second = 10'000, .churn_per_second = 1}};
  recording_log log{path, {200'000, 2}};
  log.begin({});
  log.add(cgroup_listing{made.cgroups(), true});
  log.add(metadata_of(0, false));
  log.add(metadata_of(1, false));
  log.add(metadata_of(1, true));
  for (auto& x : chunks_of(made))
    log.add(std::move(x));
  log.finish();
  REQUIRE(log.status().error.empty());
  REQUIRE(log.status().files > 3);
  CHECK(std::filesystem::exists(path + ".1"));
  CHECK(std::filesystem::exists(path + ".2"));
  CHECK_FALSE(std::filesystem::exists(path + ".3"));
  recording_reader in;
  REQUIRE(in.open(path + ".1").empty());
  const auto first = in.next();
  REQUIRE(first);
  REQUIRE(first->kind == frame_kind::cgroups);
  const auto cgroups = decode_cgroups(first->payload);
  REQUIRE(cgroups);
  CHECK(cgroups->size() == 12); // 10 containers at a time, the root and the folder.
  std::set<std::string> paths;
  for (const auto& x : *cgroups)
    paths.insert(x.path);
  CHECK_FALSE(paths.contains("/docker/" + generator::runtime_id(0))); // Gone by then.
  const auto second = in.next();
  REQUIRE(second);
  REQUIRE(second->kind == frame_kind::metadata);
  const auto metadata = decode_metadata(second->payload);
  REQUIRE(metadata);
  CHECK(metadata->asked.id == generator::runtime_id(0)); // The runtime still has it.
  const auto third = in.next();
  REQUIRE(third);
  CHECK(third->kind == frame_kind::records);
}

TEST_CASE("the first error stands, later records are given up and given back") {
  generator made{{.records = 1'000}};
  auto chunks = chunks_of(made);
  recording_log log{"/dev/full", {}};
  log.begin({});
  CHECK(log.status().error.find("No space left on device") != std::string::npos);
  log.add(cgroup_listing{made.cgroups(), true});
  for (auto& x : chunks)
    log.add(std::move(x));
  CHECK(log.take_done() == chunks.size());
  CHECK(log.status().records == 0);
}

} // namespace troupe
