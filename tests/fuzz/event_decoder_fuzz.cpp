// SPDX-License-Identifier: Apache-2.0
// Records of any content, through everything that a container does with them.

#include "actors/container/container_account.hpp"
#include "actors/container/event_decoder.hpp"
#include "tests/fuzz/expect.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace {

using namespace troupe;
using fuzz::expect;

/// The input is steps: what to do, the count of bytes, the bytes.
struct step {
  uint8_t orders = 0;
  uint16_t size = 0;
};

enum order : uint8_t {
  to_second = 1, ///< the batch goes to the account that is merged later
  then_tick = 2,
  then_merge = 4,
  as_it_is = 8, ///< else the headers are made valid, so that more than the decoder is reached
};

/// Few processes, sockets and cgroups, so that records meet each other.
void make_valid(std::vector<std::byte>& records) {
  size_t at = 0;
  while (records.size() - at >= sizeof(event_header)) {
    auto* header = reinterpret_cast<event_header*>(records.data() + at);
    header->kind = static_cast<uint16_t>(1 + header->kind % (EVENT_KIND_COUNT - 1));
    header->pid %= 8;
    header->start_boottime_ns %= 4;
    const auto least = decoder::least_size(header->kind);
    if (records.size() - at < least)
      break;
    const auto tail = std::min<size_t>(header->size % 256, records.size() - at - least) / 8 * 8;
    header->size = static_cast<uint16_t>(least + tail);
    if (header->kind >= EVENT_TCP_LISTEN_OPENED) {
      uint64_t cookie = 0;
      auto* stored = records.data() + at + sizeof(event_header);
      std::memcpy(&cookie, stored, sizeof(cookie));
      cookie %= 16;
      std::memcpy(stored, &cookie, sizeof(cookie));
    }
    at += header->size;
  }
  records.resize(at);
}

uint64_t active_of(const container_snapshot& x) {
  const auto add = [](uint64_t sum, const auto& series) {
    return sum + series.active_connections;
  };
  return std::accumulate(x.outbound.begin(), x.outbound.end(), uint64_t{0}, add)
         + std::accumulate(x.inbound.begin(), x.inbound.end(), uint64_t{0}, add);
}

void check(const container_snapshot& x, uint64_t bytes, uint32_t destinations_max) {
  expect(x.events <= bytes / sizeof(event_header), "no more records than there are bytes for");
  expect(x.processes <= x.events, "every process came with a record");
  expect(x.oom_kills <= x.events, "every OOM kill came with a record");
  expect(x.outbound.size() <= destinations_max + 1, "outbound series are bounded");
  expect(x.inbound.size() <= destinations_max + other_peers_max + 1, "inbound series are bounded");
  expect(active_of(x) <= x.events, "every open connection came with a record");
  for (const auto& series : x.outbound) {
    expect(series.successful_connects <= x.events, "every connect came with a record");
    expect(series.failed_connects <= x.events, "every failure came with a record");
  }
  expect(x.traces_waiting <= trace_backlog::events_max, "traces are bounded");
}

void drain(container_account& account) {
  account.name({});
  while (auto batch = account.trace().next_batch()) {
    expect(batch->events.size() <= trace_maker::batch_events_max, "a trace batch is bounded");
    for (const auto& event : batch->events)
      expect(event.comm.size() <= EVENT_COMM_SIZE, "comm ends with its field");
  }
  expect(account.trace().waiting() == 0, "everything was sent");
}

class session {
public:
  explicit session(const container_options& options)
      : options_(options), first_(1, options), second_(2, options) {}

  void run(step todo, const uint8_t* data) {
    event_batch batch;
    batch.records.resize(todo.size);
    std::copy_n(reinterpret_cast<const std::byte*>(data), todo.size, batch.records.begin());
    if ((todo.orders & as_it_is) == 0)
      make_valid(batch.records);
    batch.count = static_cast<uint32_t>(batch.records.size() / sizeof(event_header));
    batch.first_time_ns = todo.size;
    bytes_ += batch.records.size();
    auto& account = (todo.orders & to_second) != 0 ? second_ : first_;
    account.consume(batch, 1000);
    if ((todo.orders & then_tick) != 0)
      account.tick();
    if ((todo.orders & then_merge) != 0)
      merge();
    check(first_.snapshot(), bytes_, options_.destinations_max);
    check(second_.snapshot(), bytes_, options_.destinations_max);
  }

  void finish() {
    merge();
    check(first_.snapshot(), bytes_, options_.destinations_max);
    for (uint32_t i = 0; i <= aged_after_ticks; ++i)
      first_.tick();
    first_.leave({});
    first_.tick();
    first_.tick();
    check(first_.snapshot(), bytes_, options_.destinations_max);
    expect(first_.snapshot().processes == 0, "without a cgroup nothing runs");
    drain(first_);
  }

private:
  void merge() {
    const auto events = first_.snapshot().events + second_.snapshot().events;
    first_.merge(second_.hand_over());
    expect(first_.snapshot().events == events, "a merge loses no count");
    expect(second_.snapshot().events == 0, "what was handed over is gone");
  }

  container_options options_;
  container_account first_;
  container_account second_;
  uint64_t bytes_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2)
    return 0;
  container_options options;
  options.trace = data[0];
  options.destinations_max = data[1] % 16;
  session all{options};
  size_t at = 2;
  while (size - at >= 3) {
    step todo{data[at], 0};
    std::memcpy(&todo.size, data + at + 1, sizeof(todo.size));
    at += 3;
    todo.size = static_cast<uint16_t>(std::min<size_t>(todo.size, size - at));
    all.run(todo, data + at);
    at += todo.size;
  }
  all.finish();
  return 0;
}
