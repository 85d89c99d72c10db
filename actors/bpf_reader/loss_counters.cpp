// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/loss_counters.hpp"

#include "actors/bpf_reader/event_names.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <numeric>
#include <string_view>

namespace troupe {

namespace {

constexpr uint32_t kinds = EVENT_KIND_COUNT;
constexpr uint32_t reasons = LOSS_REASON_COUNT;

} // namespace

loss_counters::loss_counters(const bpf_objects& objects)
    : map_fd_{objects.map_fd("losses")},
      per_cpu_(static_cast<size_t>(std::max(1, libbpf_num_possible_cpus()))) {
  for (const auto& feature : objects.features()) {
    if (feature.iterator_link_fd() >= 0)
      continue; // Iterators do not interrupt each other.
    const auto lifecycle = feature.name() == "process" || feature.name() == "cgroup";
    bpf_program* x = nullptr;
    bpf_object__for_each_program(x, feature.object())
        programs_.push_back({bpf_program__name(x), bpf_program__fd(x), lifecycle});
  }
}

std::vector<loss_count> loss_counters::read() {
  std::vector<loss_count> result;
  lifecycle_ = 0;
  read_map(result);
  read_programs(result);
  return result;
}

bool loss_counters::lifecycle_grew() {
  const auto grew = lifecycle_ > lifecycle_before_;
  lifecycle_before_ = lifecycle_;
  return grew;
}

void loss_counters::read_map(std::vector<loss_count>& result) {
  if (map_fd_ < 0)
    return;
  for (uint32_t key = 0; key < reasons * kinds; ++key) {
    if (bpf_map_lookup_elem(map_fd_, &key, per_cpu_.data()) != 0)
      continue;
    const auto count = std::accumulate(per_cpu_.begin(), per_cpu_.end(), uint64_t{0});
    if (count == 0)
      continue;
    const auto kind = key % kinds;
    result.push_back({"kernel", std::string{loss_reason_names[key / kinds]},
                      std::string{event_kind_names[kind]}, count});
    if (is_lifecycle(static_cast<uint16_t>(kind)))
      lifecycle_ += count;
  }
}

void loss_counters::read_programs(std::vector<loss_count>& result) {
  for (const auto& x : programs_) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(x.fd, &info, &size) != 0 || info.recursion_misses == 0)
      continue;
    // Programs carry the name of the kind that they tell, or of what they watch.
    result.push_back({"kernel", "recursion", x.kind, info.recursion_misses});
    if (x.lifecycle)
      lifecycle_ += info.recursion_misses;
  }
}

} // namespace troupe
