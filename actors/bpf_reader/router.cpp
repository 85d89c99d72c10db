// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/router.hpp"

#include "actors/bpf_reader/event_names.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace troupe {

router::router(router_limits limits, router_output& output) : limits_{limits}, output_{output} {}

void router::take(const event_header& record) {
  if (record.kind >= EVENT_KIND_COUNT)
    return;
  ++events_[record.kind];
  take_uncounted(record);
}

void router::take_uncounted(const event_header& record) {
  if (is_lifecycle(record.kind))
    take_lifecycle(record);
  else
    deliver(record.cgroup_id, record);
}

void router::take_lifecycle(const event_header& record) {
  switch (record.kind) {
    case EVENT_CGROUP_CREATED:
      return take_created(record);
    case EVENT_CGROUP_REMOVED: {
      // Its container has everything before the registry hears of the end.
      const auto index = find(record.cgroup_id);
      if (index < slots_.size() && slots_[index].key != 0)
        send(slots_[index]);
      return output_.cgroup_gone(record.cgroup_id, record.time_ns);
    }
    default:
      return take_process(record);
  }
}

void router::take_created(const event_header& record) {
  const auto& created = reinterpret_cast<const cgroup_event&>(record);
  if (record.size < sizeof(created) || record.size - sizeof(created) < created.path_size)
    return;
  if (find(record.cgroup_id) == no_slot)
    make_waiting(record.cgroup_id);
  cgroup_found found;
  found.id = record.cgroup_id;
  found.path.assign(reinterpret_cast<const char*>(&created + 1), created.path_size);
  found.time_ns = record.time_ns;
  found.created = true;
  output_.cgroup_created(std::move(found));
}

void router::take_process(const event_header& record) {
  if (record.kind == EVENT_PROCESS_FOUND && record.size != sizeof(process_found))
    return; // A recording may say so; what is made of it below has this size.
  const auto unwanted = find(record.cgroup_id) == ignored_slot;
  if (unwanted && record.kind != EVENT_PROCESS_MOVED && record.kind != EVENT_PROCESS_EXITED)
    return;
  const auto verdict = processes_.note(record);
  if (verdict.lost_exit)
    deliver(verdict.lost_exit->header.cgroup_id, verdict.lost_exit->header);
  if (!verdict.news)
    return;
  if (verdict.left != 0 && record.kind == EVENT_PROCESS_FOUND) {
    // A move that was lost. The two records are of one shape.
    static_assert(sizeof(process_found) == sizeof(process_moved));
    process_moved moved;
    std::memcpy(static_cast<void*>(&moved), &record, sizeof(moved));
    moved.header.kind = EVENT_PROCESS_MOVED;
    return deliver_move(verdict.left, moved.header);
  }
  if (record.kind == EVENT_PROCESS_MOVED)
    deliver_move(verdict.left, record);
  else if (record.kind == EVENT_PROCESS_EXITED && verdict.left != 0)
    deliver(verdict.left, record); // Who believes it alive has to hear of its end.
  else
    deliver(record.cgroup_id, record);
  if (unwanted)
    processes_.forget_process(record.pid);
}

void router::deliver_move(cgroup_id left, const event_header& record) {
  // Both containers want to know, or the one, once, when the process stays within it.
  if (left != 0 && find(left) != no_slot && find(left) != find(record.cgroup_id)
      && record.size == sizeof(process_moved)) {
    process_moved departed;
    std::memcpy(static_cast<void*>(&departed), &record, sizeof(departed));
    departed.header.cgroup_id = 0;
    deliver(left, departed.header);
  }
  deliver(record.cgroup_id, record);
}

void router::deliver(cgroup_id cgroup, const event_header& record) {
  if (cgroup == 0)
    return;
  auto index = cgroup == last_cgroup_ ? last_slot_ : find(cgroup);
  if (index == no_slot) {
    index = make_waiting(cgroup);
    unasked_.push_back(cgroup);
  }
  last_cgroup_ = cgroup;
  last_slot_ = index;
  if (index != ignored_slot)
    append(index, record);
}

/// What is said on connections is the bulk: where it is too much, what becomes of them still has
/// room.
uint64_t router::most_pending(uint16_t kind) const {
  if (is_lifecycle(kind))
    return UINT64_MAX;
  const uint64_t most = limits_.pending_bytes_max;
  return kind == EVENT_L7_CHUNK || kind == EVENT_L7_DATAGRAM ? most / 4 * 3 : most;
}

void router::append(slot_index index, const event_header& record) {
  auto& x = slots_[index];
  auto& bytes = x.batch.records;
  if (bytes.size() + record.size > limits_.batch_bytes && x.credit > 0)
    send(x);
  if (bytes.size() + record.size > most_pending(record.kind))
    return drop(x, record);
  if (bytes.empty()) {
    bytes.reserve(std::max<size_t>(x.expected_bytes, record.size));
    x.batch.first_time_ns = record.time_ns;
  }
  if (!x.listed) {
    x.listed = true;
    ready_.push_back(index);
  }
  const auto* first = reinterpret_cast<const std::byte*>(&record);
  bytes.insert(bytes.end(), first, first + record.size);
  ++x.batch.count;
}

void router::drop(slot& x, const event_header& record) {
  ++x.batch.dropped;
  ++(x.key != 0 ? without_credit_ : without_route_)[record.kind];
}

void router::send(slot& x) {
  if (x.batch.count == 0)
    return;
  x.expected_bytes = static_cast<uint32_t>(x.batch.records.size());
  x.credit -= x.credit > 0;
  output_.send_batch(x.key, std::exchange(x.batch, {}));
}

void router::flush() {
  size_t kept = 0;
  for (const auto index : ready_) {
    auto& x = slots_[index];
    if (x.credit > 0)
      send(x);
    x.listed = x.batch.count > 0;
    if (x.listed)
      ready_[kept++] = index;
  }
  ready_.resize(kept);
}

router::slot_index router::find(cgroup_id cgroup) {
  const auto* index = cgroups_.find(cgroup);
  return index != nullptr ? *index : no_slot;
}

router::slot_index router::make_slot(container_key container) {
  slot_index index = 0;
  if (free_.empty()) {
    index = static_cast<slot_index>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  auto& x = slots_[index];
  const auto listed = x.listed; // A released slot may still stand in ready_.
  x = {};
  x.listed = listed;
  x.key = container;
  return index;
}

router::slot_index router::make_waiting(cgroup_id cgroup) {
  const auto index = make_slot(0);
  assign(cgroup, index);
  return index;
}

router::slot_index router::slot_of(container_key container) {
  if (const auto* known = containers_.find(container))
    return *known;
  const auto index = make_slot(container);
  slots_[index].credit = limits_.credit_batches;
  containers_[container] = index;
  return index;
}

void router::assign(cgroup_id cgroup, slot_index index) {
  cgroups_[cgroup] = index;
  last_cgroup_ = 0;
  if (index == ignored_slot) {
    ++ignored_;
    return;
  }
  ++slots_[index].cgroups;
  routes_ += slots_[index].key != 0;
}

void router::leave(cgroup_id cgroup, slot_index index) {
  cgroups_.erase(cgroup);
  last_cgroup_ = 0;
  if (index == ignored_slot) {
    --ignored_;
    return;
  }
  routes_ -= slots_[index].key != 0;
  if (--slots_[index].cgroups == 0)
    release(index);
}

void router::release(slot_index index) {
  auto& x = slots_[index];
  if (x.key != 0) {
    send(x);
    containers_.erase(x.key);
    output_.container_released(x.key);
  }
  const auto listed = x.listed;
  x = {};
  x.listed = listed;
  free_.push_back(index);
}

void router::move_pending(slot& from, slot& to) {
  if (from.batch.count == 0)
    return;
  if (to.batch.count == 0)
    to.batch.first_time_ns = from.batch.first_time_ns;
  auto& bytes = to.batch.records;
  bytes.insert(bytes.end(), from.batch.records.begin(), from.batch.records.end());
  to.batch.count += from.batch.count;
  to.batch.dropped += from.batch.dropped;
  from.batch = {};
}

void router::route(cgroup_id cgroup, container_key container) {
  if (cgroup == 0 || container == 0)
    return;
  const auto target = slot_of(container);
  const auto before = find(cgroup);
  if (before == target)
    return;
  if (before != no_slot && before != ignored_slot) {
    if (slots_[before].key != 0)
      send(slots_[before]);
    else
      move_pending(slots_[before], slots_[target]);
  }
  ++slots_[target].cgroups; // Held, while the old route is given up.
  if (before != no_slot)
    leave(cgroup, before);
  --slots_[target].cgroups;
  assign(cgroup, target);
  if (slots_[target].batch.count > 0 && !slots_[target].listed) {
    slots_[target].listed = true;
    ready_.push_back(target);
  }
}

std::vector<std::byte> router::take_pending(cgroup_id cgroup) {
  const auto index = find(cgroup);
  if (index >= slots_.size() || slots_[index].key != 0)
    return {};
  return std::exchange(slots_[index].batch, {}).records;
}

void router::ignore(cgroup_id cgroup) {
  const auto before = find(cgroup);
  if (cgroup == 0 || before == ignored_slot)
    return;
  processes_.forget(cgroup);
  if (before != no_slot)
    leave(cgroup, before);
  assign(cgroup, ignored_slot);
}

void router::unroute(cgroup_id cgroup) {
  const auto before = find(cgroup);
  if (before == no_slot)
    return;
  processes_.forget(cgroup);
  leave(cgroup, before);
}

void router::grant(container_key container, uint32_t batches) {
  auto* index = containers_.find(container);
  if (index == nullptr)
    return;
  auto& x = slots_[*index];
  // Batches that went without credit come back as well: never above what was given at first.
  x.credit = std::min(limits_.credit_batches, x.credit + std::min(batches, limits_.credit_batches));
  if (x.credit > 0)
    send(x);
}

void router::renew_credit(container_key container) {
  if (auto* index = containers_.find(container))
    slots_[*index].credit = limits_.credit_batches;
}

void router::ask_for_paths() {
  for (const auto cgroup : std::exchange(unasked_, {})) {
    const auto index = find(cgroup);
    if (index < slots_.size() && slots_[index].key == 0)
      output_.cgroup_without_path(cgroup);
  }
}

void router::end_walk(uint64_t begun_before_ns, uint64_t now_ns) {
  for (const auto& exited : processes_.end_walk(begun_before_ns, now_ns))
    deliver(exited.header.cgroup_id, exited.header);
}

uint64_t router::pending_bytes() const {
  uint64_t result = 0;
  for (const auto index : ready_)
    result += slots_[index].batch.records.size();
  return result;
}

uint64_t router::arrears_bytes() const {
  uint64_t routed = 0;
  uint64_t largest = 0;
  for (const auto index : ready_) {
    const auto& x = slots_[index];
    routed += x.key != 0 ? x.batch.records.size() : 0;
    largest = std::max<uint64_t>(largest, x.batch.records.size());
  }
  return std::max(routed, largest);
}

std::vector<event_count> router::events() const {
  std::vector<event_count> result;
  for (uint16_t kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; ++kind)
    result.push_back({std::string{event_kind_names[kind]}, events_[kind]});
  return result;
}

std::vector<loss_count> router::losses() const {
  std::vector<loss_count> result;
  for (uint16_t kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; ++kind) {
    const std::string name{event_kind_names[kind]};
    if (without_credit_[kind] > 0)
      result.push_back({"reader", "no_credit", name, without_credit_[kind]});
    if (without_route_[kind] > 0)
      result.push_back({"reader", "no_route", name, without_route_[kind]});
  }
  return result;
}

} // namespace troupe
