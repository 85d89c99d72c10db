// SPDX-License-Identifier: Apache-2.0
#pragma once

// A recording: a file header, then frames. Numbers are little-endian; records are those of
// bpf/event.h as the reader got them. docs/operations.md describes it for users.
//
//   file   = "TRPEREC\n"  u32 version  u32 description_size  description  frame*
//   frame  = u32 kind  u32 stored_size  u32 raw_size  u32 crc32 of the stored bytes  stored bytes
//
// A frame's payload is compressed with zstd where stored_size < raw_size. Frames stand alone: a
// file that was cut off is good up to its last whole frame.

#include "messages/agent_status.hpp"
#include "messages/host.hpp"
#include "messages/recording.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

inline constexpr std::array<char, 8> recording_magic{'T', 'R', 'P', 'E', 'R', 'E', 'C', '\n'};
inline constexpr uint32_t recording_version = 2;
inline constexpr uint32_t description_bytes_max = 64U << 10;
inline constexpr uint32_t frame_bytes_max = 4U
                                            << 20; ///< raw; nothing larger is written or believed

enum class frame_kind : uint32_t {
  records = 1,  ///< event records back to back
  cgroups = 2,  ///< cgroups that were there, from walks through cgroupfs
  metadata = 3, ///< what a runtime said of containers
  losses = 4,   ///< all losses so far, by cause
  end = 5,      ///< the recording was ended on purpose: nothing is missing behind it
};

struct frame_header {
  uint32_t kind = 0;
  uint32_t stored_size = 0;
  uint32_t raw_size = 0;
  uint32_t crc32 = 0;
};
static_assert(sizeof(frame_header) == 16);

/// Where and when a recording was made.
struct recording_description {
  std::string agent_version;
  node_info node;
  uint64_t started_boottime_ns = 0; ///< CLOCK_BOOTTIME, the clock of all records
  int64_t started_unix_ns = 0;      ///< the same moment
  std::vector<feature_status> features;

  /// What to add to a record's time to get Unix time.
  [[nodiscard]] int64_t unix_offset_ns() const {
    return started_unix_ns - static_cast<int64_t>(started_boottime_ns);
  }
};

std::vector<std::byte> encode(const recording_description& x);
std::vector<std::byte> encode(const std::vector<cgroup_found>& cgroups);
std::vector<std::byte> encode(const recorded_metadata& x);
std::vector<std::byte> encode(const std::vector<loss_count>& losses);

/// Nothing where the bytes are not what encode() makes.
std::optional<recording_description> decode_description(std::span<const std::byte> bytes);
std::optional<std::vector<cgroup_found>> decode_cgroups(std::span<const std::byte> bytes);
std::optional<recorded_metadata> decode_metadata(std::span<const std::byte> bytes);
std::optional<std::vector<loss_count>> decode_losses(std::span<const std::byte> bytes);

} // namespace troupe
