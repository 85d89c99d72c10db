// SPDX-License-Identifier: Apache-2.0
#pragma once

// Records as the kernel makes them, for the tests of the reader.

#include "actors/bpf_reader/event_source.hpp"
#include "bpf/event.h"
#include "messages/identity.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace troupe {

/// Any record: room for the largest, zero but for its header.
struct test_record {
  alignas(8) std::array<std::byte, 256> bytes{};

  [[nodiscard]] const event_header& header() const {
    return *reinterpret_cast<const event_header*>(bytes.data());
  }
  [[nodiscard]] event_header& header() { return *reinterpret_cast<event_header*>(bytes.data()); }
  operator const event_header&() const { return header(); }
};

inline test_record record(event_kind kind, cgroup_id cgroup, size_t size, uint32_t pid = 100,
                          uint64_t start_ns = 1000) {
  static uint64_t clock = 10'000;
  test_record result;
  result.header() = {
      ++clock, cgroup, start_ns, pid, static_cast<__u16>(kind), static_cast<__u16>(size)};
  return result;
}

inline test_record opened(cgroup_id cgroup) {
  return record(EVENT_TCP_OPENED, cgroup, sizeof(tcp_connection));
}

inline test_record forked(cgroup_id cgroup, uint32_t pid = 100, uint64_t start_ns = 1000) {
  return record(EVENT_PROCESS_FORKED, cgroup, sizeof(process_forked), pid, start_ns);
}

inline test_record exited(cgroup_id cgroup, uint32_t pid = 100, uint64_t start_ns = 1000) {
  return record(EVENT_PROCESS_EXITED, cgroup, sizeof(process_exited), pid, start_ns);
}

inline test_record moved(cgroup_id cgroup, uint32_t pid = 100, uint64_t start_ns = 1000) {
  return record(EVENT_PROCESS_MOVED, cgroup, sizeof(process_moved), pid, start_ns);
}

inline test_record found(cgroup_id cgroup, uint32_t pid = 100, uint64_t start_ns = 1000) {
  return record(EVENT_PROCESS_FOUND, cgroup, sizeof(process_found), pid, start_ns);
}

inline test_record created(cgroup_id cgroup, std::string_view path) {
  auto result =
      record(EVENT_CGROUP_CREATED, cgroup, (sizeof(cgroup_event) + path.size() + 7) & ~size_t{7});
  auto& x = *reinterpret_cast<cgroup_event*>(result.bytes.data());
  x.path_size = static_cast<__u16>(path.size());
  std::memcpy(result.bytes.data() + sizeof(x), path.data(), path.size());
  return result;
}

inline test_record removed(cgroup_id cgroup) {
  return record(EVENT_CGROUP_REMOVED, cgroup, sizeof(cgroup_event));
}

/// Headers of the records of a batch, in order.
inline std::vector<event_header> headers_of(const std::vector<std::byte>& records) {
  std::vector<event_header> result;
  for (size_t at = 0; at < records.size(); at += result.back().size)
    result.push_back(*reinterpret_cast<const event_header*>(records.data() + at));
  return result;
}

/// Kinds of the records of a batch, in order.
inline std::vector<int> kinds_of(const std::vector<std::byte>& records) {
  std::vector<int> result;
  for (const auto& header : headers_of(records))
    result.push_back(header.kind);
  return result;
}

} // namespace troupe
