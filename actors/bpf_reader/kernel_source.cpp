// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/kernel_source.hpp"

#include "actors/bpf_reader/iterators.hpp"
#include "actors/host/boot_clock.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <span>

namespace troupe {

namespace {

// What one poll() gives at most: less than a container's credit and pending bytes hold, so that
// its grants can come in between before anything of it is dropped.
constexpr uint64_t records_a_poll = 1U << 13;

/// Puts the records of an iterator between those of the ring, by their time. Both come in the
/// order of time; why that is also the order of truth is said in bpf/socket_progress.bpf.c.
class merging_sink final : public record_sink {
public:
  merging_sink(std::span<const std::byte> walked, record_sink& sink)
      : walked_{walked}, sink_{sink} {}

  void take(const event_header& record) override {
    give_until(record.time_ns);
    sink_.take(record);
  }

  void give_until(uint64_t time_ns) {
    while (walked_.size() >= sizeof(event_header)) {
      const auto& next = *reinterpret_cast<const event_header*>(walked_.data());
      if (next.size < sizeof(event_header) || next.size > walked_.size())
        break; // Not ours.
      if (next.time_ns > time_ns)
        return;
      walked_ = walked_.subspan(next.size);
      sink_.take(next);
    }
  }

private:
  std::span<const std::byte> walked_;
  record_sink& sink_;
};

/// Entries of a hash map, counted key by key: the kernel keeps no number of them.
uint64_t count_entries(int fd, uint64_t limit) {
  std::array<std::byte, 64> key{};
  std::array<std::byte, 64> next{};
  uint64_t count = 0;
  const void* before = nullptr;
  while (count < limit && bpf_map_get_next_key(fd, before, next.data()) == 0) {
    key = next;
    before = key.data();
    ++count;
  }
  return count;
}

} // namespace

kernel_source::kernel_source(const kernel_options& options)
    : objects_{options},
      ring_{objects_.map_fd("events")},
      losses_{objects_},
      verdicts_fd_{objects_.map_fd_of("l7", "l7_verdicts")} {}

void kernel_source::poll(std::chrono::milliseconds wait, record_sink& sink) {
  // What was left over would wake nobody: the kernel calls once.
  ring_.wait(left_over_ ? std::chrono::milliseconds{0} : wait);
  left_over_ = ring_.drain(sink, UINT64_MAX, records_a_poll) == records_a_poll;
}

bool kernel_source::walk(std::string_view feature, record_sink& sink) {
  const auto* found = objects_.find(feature);
  if (found == nullptr)
    return false;
  return run_iterator(found->iterator_link_fd(), [&](std::span<const std::byte> chunk) {
    merging_sink merged{chunk, sink};
    ring_.drain(merged, boot_time_now_ns());
    merged.give_until(UINT64_MAX);
  });
}

bool kernel_source::walk_processes(record_sink& sink) {
  return walk("process_iterator", sink);
}

void kernel_source::scan_sockets(record_sink& sink) {
  walk("socket_scan", sink);
}

void kernel_source::walk_sockets(record_sink& sink) {
  walk("socket_iterator", sink);
}

void kernel_source::set_ignored(cgroup_id cgroup, bool ignored) {
  const auto fd = objects_.map_fd("cgroup_flags");
  const uint64_t key = cgroup;
  const uint32_t flags = CGROUP_IGNORED;
  if (ignored)
    bpf_map_update_elem(fd, &key, &flags, BPF_ANY);
  else
    bpf_map_delete_elem(fd, &key);
}

void kernel_source::set_uncaptured(cgroup_id cgroup) {
  const auto fd = objects_.map_fd("cgroup_flags");
  const uint64_t key = cgroup;
  uint32_t flags = 0;
  bpf_map_lookup_elem(fd, &key, &flags);
  flags |= CGROUP_NO_L7;
  bpf_map_update_elem(fd, &key, &flags, BPF_ANY);
}

void kernel_source::set_verdict(uint64_t socket_cookie, const l7_verdict& verdict) {
  if (verdicts_fd_ >= 0)
    bpf_map_update_elem(verdicts_fd_, &socket_cookie, &verdict, BPF_ANY);
}

void kernel_source::forget_verdict(uint64_t socket_cookie) {
  if (verdicts_fd_ >= 0)
    bpf_map_delete_elem(verdicts_fd_, &socket_cookie);
}

std::vector<feature_status> kernel_source::features() const {
  return objects_.statuses();
}

std::vector<loss_count> kernel_source::losses() {
  return losses_.read();
}

bool kernel_source::lost_lifecycle() {
  (void)losses_.read();
  return losses_.lifecycle_grew();
}

std::vector<map_usage> kernel_source::map_usages() {
  std::vector<map_usage> result;
  for (auto* map : objects_.shared_maps()) {
    const auto type = bpf_map__type(map);
    const uint64_t capacity = bpf_map__max_entries(map);
    if (type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH)
      result.push_back({bpf_map__name(map), count_entries(bpf_map__fd(map), capacity), capacity});
  }
  return result;
}

std::unique_ptr<event_source> open_kernel(const kernel_options& options) {
  auto result = std::make_unique<kernel_source>(options);
  if (result->objects().features().empty())
    return nullptr;
  return result;
}

} // namespace troupe
