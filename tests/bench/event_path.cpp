// SPDX-License-Identifier: Apache-2.0
// bench_event_path RECORDING: the path of an event in one thread, without actors. Prints JSON:
//   read_per_second        records out of the recording, through the source
//   routed_per_second      records in memory, through the router and into containers
//   allocations_per_event  of the latter, when every connection and series was seen once

#include "actors/bpf_reader/router.hpp"
#include "actors/container/container_account.hpp"
#include "actors/recorder/replay_source.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

uint64_t allocations = 0;

} // namespace

// One thread, so a plain counter. Those with an alignment are not used on this path.
void* operator new(size_t size) {
  ++allocations;
  if (void* result = std::malloc(size))
    return result;
  std::abort();
}
void operator delete(void* at) noexcept {
  std::free(at);
}
void operator delete(void* at, size_t) noexcept {
  std::free(at);
}

namespace troupe {

namespace {

using seconds = std::chrono::duration<double>;

struct counting_sink final : record_sink {
  void take(const event_header&) override { ++count; }
  uint64_t count = 0;
};

struct keeping_sink final : record_sink {
  void take(const event_header& record) override {
    const auto* bytes = reinterpret_cast<const std::byte*>(&record);
    records.insert(records.end(), bytes, bytes + record.size);
    ++count;
  }
  std::vector<std::byte> records;
  uint64_t count = 0;
};

/// Each batch goes to its container at once, and its credit back with the next flush.
struct counting_containers final : router_output {
  void send_batch(container_key container, event_batch batch) override {
    accounts.try_emplace(container, container, container_options{}).first->second.consume(batch, 0);
    owed.push_back(container);
  }
  void cgroup_created(cgroup_found) override {}
  void cgroup_without_path(cgroup_id) override {}
  void cgroup_gone(cgroup_id, uint64_t) override {}
  void container_released(container_key) override {}

  std::unordered_map<container_key, container_account> accounts;
  std::vector<container_key> owed;
};

void replay(const char* path, record_sink& sink) {
  recording_reader recording;
  if (const auto error = recording.open(path); !error.empty()) {
    std::fprintf(stderr, "bench_event_path: %s\n", error.c_str());
    std::exit(1);
  }
  replay_source source{std::move(recording),
                       replay_source::no_pace,
                       {[](auto&&) {}, [](auto&&) {},
                        [](const auto&) {
                        }}};
  while (!source.ended())
    source.poll({}, sink);
}

double read_per_second(const char* path) {
  counting_sink sink;
  const auto begin = std::chrono::steady_clock::now();
  replay(path, sink);
  return static_cast<double>(sink.count)
         / seconds{std::chrono::steady_clock::now() - begin}.count();
}

class routing {
public:
  explicit routing(const keeping_sink& kept) : kept_(kept) {
    for (size_t at = 0; at < kept_.records.size(); at += header(at).size)
      router_.route(header(at).cgroup_id, header(at).cgroup_id);
  }

  /// So much of the records, with a flush as often as a replay makes one.
  void run(size_t from, size_t until) {
    auto flush_at = from + replayed_bytes_a_poll;
    for (auto at = from; at < until; at += header(at).size) {
      router_.take(header(at));
      ++routed_;
      if (at < flush_at)
        continue;
      router_.flush();
      for (const auto container : std::exchange(containers_.owed, {}))
        router_.grant(container, 1);
      flush_at = at + replayed_bytes_a_poll;
    }
  }

  /// Where a record begins, behind so many bytes.
  [[nodiscard]] size_t boundary(size_t bytes) const {
    size_t at = 0;
    while (at < bytes)
      at += header(at).size;
    return at;
  }

  [[nodiscard]] uint64_t routed() const { return routed_; }

private:
  [[nodiscard]] const event_header& header(size_t at) const {
    return *reinterpret_cast<const event_header*>(kept_.records.data() + at);
  }

  const keeping_sink& kept_;
  counting_containers containers_;
  router router_{{}, containers_};
  uint64_t routed_ = 0;
};

int measure(const char* path) {
  const auto read = read_per_second(path);
  keeping_sink kept;
  replay(path, kept);
  routing measured{kept};
  const auto middle = measured.boundary(kept.records.size() / 2);
  const auto begin = std::chrono::steady_clock::now();
  measured.run(0, middle);
  const auto before = std::pair{allocations, measured.routed()};
  measured.run(middle, kept.records.size());
  const seconds took = std::chrono::steady_clock::now() - begin;
  std::printf(R"({"read_per_second":%.0f,"routed_per_second":%.0f,"allocations_per_event":%.6f})"
              "\n",
              read, static_cast<double>(measured.routed()) / took.count(),
              static_cast<double>(allocations - before.first)
                  / static_cast<double>(measured.routed() - before.second));
  return 0;
}

} // namespace

} // namespace troupe

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_event_path RECORDING\n");
    return 2;
  }
  return troupe::measure(argv[1]);
}
