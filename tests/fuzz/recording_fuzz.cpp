// SPDX-License-Identifier: Apache-2.0
// A recording from anywhere: its frames, what is in them, and a replay through the router.

#include "actors/bpf_reader/router.hpp"
#include "actors/recorder/recording_reader.hpp"
#include "actors/recorder/replay_source.hpp"
#include "tests/fuzz/expect.hpp"

#include <cstring>
#include <utility>

#include <zlib.h>
#include <zstd.h>

namespace {

using namespace troupe;
using fuzz::expect;
using bytes = std::vector<std::byte>;

template <class Number>
void put(bytes& to, Number x) {
  const auto* first = reinterpret_cast<const std::byte*>(&x);
  to.insert(to.end(), first, first + sizeof(x));
}

void put(bytes& to, const bytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

bytes compressed(const bytes& raw) {
  bytes result(ZSTD_compressBound(raw.size()));
  result.resize(ZSTD_compress(result.data(), result.size(), raw.data(), raw.size(), 1));
  return result;
}

void put_frame(bytes& to, uint32_t kind, const bytes& stored, size_t raw_size) {
  put(to, frame_header{kind, static_cast<uint32_t>(stored.size()), static_cast<uint32_t>(raw_size),
                       static_cast<uint32_t>(crc32_z(
                           0, reinterpret_cast<const Bytef*>(stored.data()), stored.size()))});
  put(to, stored);
}

/// Whole frames with checksums that hold: a fuzzer finds none. The input is kind, packing, size and
/// bytes of each.
bytes well_formed(const uint8_t* data, size_t size) {
  bytes file;
  put(file, recording_magic);
  put(file, recording_version);
  const auto description = encode(recording_description{});
  put(file, static_cast<uint32_t>(description.size()));
  put(file, description);
  while (size >= 4) {
    const uint32_t kind = data[0] % 8;
    const auto packing = data[1];
    const auto wanted = static_cast<size_t>(data[2] | data[3] << 8);
    data += 4;
    size -= 4;
    const auto* first = reinterpret_cast<const std::byte*>(data);
    const bytes payload(first, first + std::min(wanted, size));
    data += payload.size();
    size -= payload.size();
    if (packing % 4 == 1)
      put_frame(file, kind, compressed(payload), payload.size());
    else // Or something that zstd shall unpack although it never packed it.
      put_frame(file, kind, payload, packing % 4 == 2 ? packing * 64U : payload.size());
  }
  return file;
}

/// What could be read once is written in a way that reads the same.
template <class Decode>
void check_decoder(std::span<const std::byte> payload, Decode decode) {
  const auto first = decode(payload);
  if (!first)
    return;
  const auto written = encode(*first);
  const auto second = decode(written);
  expect(second.has_value(), "what encode() wrote can be read");
  expect(encode(*second) == written, "reading and writing again changes nothing");
}

void read_frames(recording_reader& reader, size_t file_size) {
  size_t frames = 0;
  while (const auto frame = reader.next()) {
    ++frames;
    expect(frame->payload.size() <= frame_bytes_max, "a frame is bounded");
    check_decoder(frame->payload, decode_description);
    check_decoder(frame->payload, decode_cgroups);
    check_decoder(frame->payload, decode_metadata);
    check_decoder(frame->payload, decode_losses);
  }
  expect(frames <= file_size / sizeof(frame_header), "no more frames than there are headers for");
  expect(reader.complete() == reader.error().empty(), "an end is good, or it says what is wrong");
  expect(!reader.next(), "the end stays the end");
}

/// Routes what is created and counts what comes.
class registry final : public router_output {
public:
  void send_batch(container_key container, event_batch batch) override {
    expect(container == 1, "batches go to the container that there is");
    expect(batch.count > 0 && !batch.records.empty(), "a batch holds something");
    records += batch.count;
  }
  void cgroup_created(cgroup_found cgroup) override {
    expect(cgroup.path.size() <= UINT16_MAX, "a path ends with its record");
    created.push_back(cgroup.id);
  }
  void cgroup_without_path(cgroup_id cgroup) override { created.push_back(cgroup); }
  void cgroup_gone(cgroup_id cgroup, uint64_t /*time_ns*/) override { gone.push_back(cgroup); }
  void container_released(container_key /*container*/) override {}

  std::vector<cgroup_id> created;
  std::vector<cgroup_id> gone;
  uint64_t records = 0;
};

/// The sink of the replay; a record may lie to whoever reads beyond its size.
class whole_records final : public record_sink {
public:
  explicit whole_records(router& to) : to_(to) {}

  void take(const event_header& record) override {
    expect(record.size >= sizeof(event_header), "a record has its header");
    expect(reinterpret_cast<uintptr_t>(&record) % alignof(event_header) == 0, "it is aligned");
    // A copy of its own, so that the sanitizer sees each read beyond it.
    std::vector<uint64_t> copy(record.size / sizeof(uint64_t));
    std::memcpy(copy.data(), &record, record.size);
    to_.take(*reinterpret_cast<const event_header*>(copy.data()));
  }

private:
  router& to_;
};

void replay(recording_reader reader) {
  registry answers;
  router routes{{.credit_batches = 2, .pending_bytes_max = 4096, .batch_bytes = 512}, answers};
  whole_records sink{routes};
  int finished = 0;
  uint64_t records = 0;
  replay_listener listener;
  listener.cgroups = [](std::vector<cgroup_found>&& cgroups) {
    for (const auto& x : cgroups)
      expect(x.path.size() <= frame_bytes_max, "a path is bounded");
  };
  listener.metadata = [](recorded_metadata&& x) {
    expect(x.answer.labels.size() <= frame_bytes_max, "labels are bounded");
  };
  listener.finished = [&](const replay_progress& x) {
    ++finished;
    records = x.records;
  };
  replay_source source{std::move(reader), replay_source::no_pace, std::move(listener)};
  while (finished == 0) {
    source.poll(std::chrono::milliseconds{0}, sink);
    routes.flush();
    routes.ask_for_paths();
    for (const auto cgroup : std::exchange(answers.created, {}))
      cgroup % 3 == 0 ? routes.ignore(cgroup) : routes.route(cgroup, 1);
    for (const auto cgroup : std::exchange(answers.gone, {}))
      routes.unroute(cgroup);
    routes.grant(1, 2);
  }
  source.poll(std::chrono::milliseconds{0}, sink);
  expect(finished == 1, "the end is told once");
  // A pid that comes again and a move may each tell two containers of one record.
  expect(answers.records <= 3 * records, "only recorded events are handed on");
}

std::string open(recording_reader& reader, bytes& file) {
  auto* stream = fmemopen(file.data(), file.size(), "rb");
  expect(stream != nullptr, "fmemopen");
  return reader.open(stream, "input");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2)
    return 0;
  const auto* first = reinterpret_cast<const std::byte*>(data);
  auto file = data[0] == 0 ? well_formed(data + 1, size - 1) : bytes(first, first + size);
  recording_reader reader;
  if (!open(reader, file).empty())
    return 0;
  read_frames(reader, file.size());
  recording_reader again;
  expect(open(again, file).empty(), "a file that could be opened can be opened again");
  replay(std::move(again));
  return 0;
}
