// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/recording_log.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace troupe {

namespace {

/// So that a frame of them stays well below its bound: a path has at most EVENT_PATH_MAX bytes.
constexpr size_t cgroups_a_frame = 1'000;

} // namespace

void recording_log::begin(const recording_description& description) {
  if (std::exchange(begun_, true))
    return;
  ++status_.files;
  if (auto error = out_.open(path_, description, limits_); !error.empty())
    fail(std::move(error));
}

void recording_log::add(recording_chunk&& chunk) {
  if (!released_)
    return held_.push_back(std::move(chunk)); // As many as the sender's window holds.
  write_records(chunk);
}

void recording_log::add(const cgroup_listing& listing) {
  for (const auto& x : listing.cgroups)
    if (cgroups_.insert_or_assign(x.id, x).second)
      ++status_.cgroups;
  write_cgroups(listing.cgroups);
  release_records();
}

void recording_log::add(const recorded_metadata& metadata) {
  const auto& asked = metadata.asked;
  if (limits_.file_bytes_max != 0) {
    const metadata_key key{asked.runtime, asked.name_space, asked.id};
    if (metadata.removed)
      metadata_.erase(key);
    else
      metadata_.insert_or_assign(key, metadata);
  }
  write(frame_kind::metadata, encode(metadata));
}

void recording_log::add(const recording_losses& losses) {
  write(frame_kind::losses, encode(losses.losses));
}

void recording_log::release_records() {
  released_ = true;
  for (const auto& chunk : std::exchange(held_, {}))
    write_records(chunk);
}

void recording_log::finish() {
  release_records();
  if (!status_.error.empty() || !begun_)
    return;
  if (auto error = out_.finish(); !error.empty())
    fail(std::move(error));
  status_.bytes = out_.bytes();
  if (status_.error.empty())
    begun_ = false;
}

void recording_log::write(frame_kind kind, std::span<const std::byte> payload) {
  if (!begun_ || !status_.error.empty())
    return;
  if (auto error = out_.write(kind, payload); !error.empty())
    fail(std::move(error));
  status_.bytes = out_.bytes();
}

void recording_log::write_cgroups(const std::vector<cgroup_found>& cgroups) {
  for (size_t at = 0; at < cgroups.size(); at += cgroups_a_frame) {
    const auto end = std::min(cgroups.size(), at + cgroups_a_frame);
    write(frame_kind::cgroups,
          encode(std::vector<cgroup_found>(cgroups.begin() + static_cast<std::ptrdiff_t>(at),
                                           cgroups.begin() + static_cast<std::ptrdiff_t>(end))));
  }
}

void recording_log::write_records(const recording_chunk& chunk) {
  ++done_;
  if (out_.full() && status_.error.empty())
    rotate();
  write(frame_kind::records, chunk.records);
  if (status_.error.empty())
    note(chunk);
}

/// Counts the records, and follows the cgroups that come and go.
void recording_log::note(const recording_chunk& chunk) {
  for (size_t at = 0; at < chunk.records.size();) {
    const auto& header = *reinterpret_cast<const event_header*>(chunk.records.data() + at);
    ++status_.records;
    if (header.kind == EVENT_CGROUP_CREATED)
      note_created(reinterpret_cast<const cgroup_event&>(header));
    else if (header.kind == EVENT_CGROUP_REMOVED)
      cgroups_.erase(header.cgroup_id);
    at += header.size;
  }
}

void recording_log::note_created(const cgroup_event& created) {
  const auto& header = created.header;
  const auto* path = reinterpret_cast<const char*>(&created + 1);
  cgroup_found found{header.cgroup_id, {path, created.path_size}, header.time_ns, false};
  if (cgroups_.insert_or_assign(header.cgroup_id, std::move(found)).second)
    ++status_.cgroups;
}

void recording_log::rotate() {
  if (auto error = out_.rotate(); !error.empty())
    return fail(std::move(error));
  ++status_.files;
  std::vector<cgroup_found> present;
  for (const auto& [id, x] : cgroups_)
    present.push_back(x);
  // Parents before children, as in a walk.
  std::sort(present.begin(), present.end(),
            [](const cgroup_found& a, const cgroup_found& b) { return a.path < b.path; });
  write_cgroups(present);
  for (const auto& [key, x] : metadata_)
    write(frame_kind::metadata, encode(x));
}

void recording_log::fail(std::string error) {
  if (status_.error.empty())
    status_.error = std::move(error);
}

} // namespace troupe
