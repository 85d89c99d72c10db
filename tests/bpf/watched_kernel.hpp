// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/bpf_reader/event_names.hpp"
#include "actors/bpf_reader/kernel_source.hpp"
#include "tests/bpf/scratch_cgroup.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <set>
#include <string_view>
#include <vector>

namespace troupe {

/// Keeps the records of some cgroups, in the order in which they came.
class kept_records final : public record_sink {
public:
  void keep(cgroup_id cgroup) { cgroups_.insert(cgroup); }

  void take(const event_header& record) override {
    if (cgroups_.count(record.cgroup_id) == 0)
      return;
    const auto* first = reinterpret_cast<const std::byte*>(&record);
    records_.emplace_back(first, first + record.size);
  }

  [[nodiscard]] size_t count(event_kind kind) const {
    size_t result = 0;
    for (const auto& bytes : records_)
      result += header(bytes).kind == kind;
    return result;
  }

  template <class Record>
  [[nodiscard]] std::vector<Record> all(event_kind kind) const {
    std::vector<Record> result;
    for (const auto& bytes : records_)
      if (header(bytes).kind == kind && bytes.size() >= sizeof(Record))
        std::memcpy(static_cast<void*>(&result.emplace_back()), bytes.data(), sizeof(Record));
    return result;
  }

  [[nodiscard]] const std::vector<std::vector<std::byte>>& records() const { return records_; }
  void clear() { records_.clear(); }

private:
  static const event_header& header(const std::vector<std::byte>& bytes) {
    return *reinterpret_cast<const event_header*>(bytes.data());
  }

  std::set<cgroup_id> cgroups_;
  std::vector<std::vector<std::byte>> records_;
};

inline kernel_options test_options() {
  kernel_options options;
  options.cgroup_controller = watched_controller();
  return options;
}

/// A feature may be off where the kernel has no such hook, forbids it, or has no storage with
/// sockets (before 5.11), and says so. Which kernel may do without what: tests/kernels.
inline bool is_refused(const feature_status& status) {
  constexpr std::string_view causes[] = {"this kernel has no ", "this kernel is too old for it",
                                         "the kernel refuses it to this process"};
  return std::any_of(std::begin(causes), std::end(causes), [&](std::string_view cause) {
    return status.reason.find(cause) != std::string::npos;
  });
}

/// The kernel with everything attached, and what it says of one cgroup.
struct watched_kernel {
  explicit watched_kernel(const kernel_options& options = test_options()) : source{options} {
    for (const auto& status : source.features()) {
      INFO(status.feature << ": " << status.reason);
      CHECK((status.enabled || is_refused(status)));
    }
    records.keep(cgroup.id());
  }

  /// Reads until it holds; false after a deadline.
  bool await(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline)
        return false;
      source.poll(std::chrono::milliseconds{10}, records);
    }
    return true;
  }

  bool await_count(event_kind kind, size_t count) {
    return await([&] { return records.count(kind) >= count; });
  }

  /// What has not come by now is not to be: all of it is in the ring when a call returns.
  void read_rest() { source.poll(std::chrono::milliseconds{50}, records); }

  kernel_source source;
  scratch_cgroup cgroup;
  kept_records records;
};

} // namespace troupe
