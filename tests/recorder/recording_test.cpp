// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/recording_reader.hpp"
#include "actors/recorder/recording_writer.hpp"
#include "tests/recorder/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstring>

namespace troupe {

namespace {

std::vector<std::byte> bytes(const std::string& text) {
  std::vector<std::byte> result(text.size());
  std::memcpy(result.data(), text.data(), text.size());
  return result;
}

std::string text(std::span<const std::byte> x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

recording_description describe() {
  recording_description x;
  x.agent_version = "0.1.0";
  x.node = {"node7", "6.18", "m", "u"};
  x.started_boottime_ns = 5'000;
  x.started_unix_ns = 7'000;
  x.features = {{"socket", true, ""}, {"oom", false, "refused"}};
  return x;
}

recorded_metadata metadata_of(const std::string& name) {
  recorded_metadata x;
  x.asked = {cgroup_kind::container, runtime_kind::docker, "c0ffee", "", ""};
  x.answer.runtime = runtime_kind::docker;
  x.answer.id = "c0ffee";
  x.answer.name = name;
  x.answer.exit_code = -3;
  x.answer.labels = {{"a", "1"}, {"b", std::string(10'000, 'x')}};
  return x;
}

/// A recording of three frames, the middle one compressible.
std::string small_recording(const temporary_folder& folder) {
  const auto path = folder.file("small");
  recording_writer out;
  REQUIRE(out.open(path, describe(), {}).empty());
  REQUIRE(out.write(frame_kind::records, bytes("first")).empty());
  REQUIRE(out.write(frame_kind::metadata, encode(metadata_of("web"))).empty());
  REQUIRE(out.write(frame_kind::records, bytes("last")).empty());
  REQUIRE(out.finish().empty());
  return path;
}

} // namespace

TEST_CASE("a recording gives back what was written, and says where and when it was made") {
  temporary_folder folder;
  recording_reader in;
  REQUIRE(in.open(small_recording(folder)).empty());
  CHECK(in.description().node.hostname == "node7");
  CHECK(in.description().node.kernel_version == "6.18");
  CHECK(in.description().node.machine_id == "m");
  CHECK(in.description().node.system_uuid == "u");
  CHECK(in.description().unix_offset_ns() == 2'000);
  REQUIRE(in.description().features.size() == 2);
  CHECK(in.description().features[1].reason == "refused");
  auto frame = in.next();
  REQUIRE(frame);
  CHECK(text(frame->payload) == "first");
  frame = in.next();
  REQUIRE(frame);
  CHECK(frame->kind == frame_kind::metadata);
  const auto metadata = decode_metadata(frame->payload);
  REQUIRE(metadata);
  CHECK(metadata->answer == metadata_of("web").answer);
  CHECK(metadata->asked == metadata_of("web").asked);
  frame = in.next();
  REQUIRE(frame);
  CHECK(text(frame->payload) == "last");
  CHECK_FALSE(in.next());
  CHECK(in.complete());
  CHECK(in.error().empty());
}

TEST_CASE("a recording cut off at any byte gives its whole frames and names the offset") {
  temporary_folder folder;
  const auto whole = content_of(small_recording(folder));
  size_t descriptions_refused = 0;
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto path = folder.file("cut");
    fill(path, whole.substr(0, size));
    recording_reader in;
    if (const auto error = in.open(path); !error.empty()) {
      CHECK(error.find("offset") != std::string::npos);
      ++descriptions_refused;
      continue;
    }
    size_t frames = 0;
    while (in.next())
      ++frames;
    CHECK(frames <= 3);
    CHECK_FALSE(in.complete());
    CHECK(in.error().find("at offset ") != std::string::npos);
  }
  CHECK(descriptions_refused > 16);
  CHECK(descriptions_refused < whole.size());
}

TEST_CASE("a byte that was changed is found by the checksum, what is before it stands") {
  temporary_folder folder;
  auto damaged = content_of(small_recording(folder));
  damaged[damaged.find("first") + 1] ^= 1;
  const auto path = folder.file("damaged");
  fill(path, damaged);
  recording_reader in;
  REQUIRE(in.open(path).empty());
  CHECK_FALSE(in.next());
  CHECK(in.error().find("checksum") != std::string::npos);
}

TEST_CASE("a foreign file, another version and a missing file are told apart") {
  temporary_folder folder;
  fill(folder.file("foreign"), "#!/bin/sh\necho hello, this is no recording\n");
  recording_reader in;
  CHECK(in.open(folder.file("foreign")).find("is not a recording") != std::string::npos);
  auto newer = content_of(small_recording(folder));
  newer[8] = 99;
  fill(folder.file("newer"), newer);
  CHECK(in.open(folder.file("newer")).find("format version 99") != std::string::npos);
  CHECK(in.open(folder.file("none")).find("No such file") != std::string::npos);
}

TEST_CASE("a size that cannot be is refused before anything is read for it") {
  temporary_folder folder;
  const auto path = small_recording(folder);
  auto hostile = content_of(path);
  const auto frame = hostile.find("first") - sizeof(frame_header);
  const uint32_t huge = 0xfffffff0;
  std::memcpy(hostile.data() + frame + 4, &huge, sizeof(huge));
  std::memcpy(hostile.data() + frame + 8, &huge, sizeof(huge));
  fill(path, hostile);
  recording_reader in;
  REQUIRE(in.open(path).empty());
  CHECK_FALSE(in.next());
  CHECK(in.error().find("size that cannot be") != std::string::npos);
}

TEST_CASE("metadata with hostile counts decodes to nothing") {
  auto encoded = encode(metadata_of("web"));
  for (size_t size = 0; size < encoded.size(); ++size)
    CHECK_FALSE(decode_metadata(std::span{encoded}.first(size)));
  encoded.push_back(std::byte{0});
  CHECK_FALSE(decode_metadata(encoded)); // More than there should be is as wrong as less.
}

TEST_CASE("a full disk is an error with a cause, and the writer takes nothing more") {
  recording_writer out;
  const auto error = out.open("/dev/full", describe(), {});
  CHECK(error.find("No space left") != std::string::npos);
  CHECK_FALSE(out.write(frame_kind::records, bytes("x")).empty());
}

TEST_CASE("a folder that is not there is an error that says what to do") {
  recording_writer out;
  CHECK(out.open("/no/such/folder/x", describe(), {}).find("choose another file with -o")
        != std::string::npos);
}

} // namespace troupe
