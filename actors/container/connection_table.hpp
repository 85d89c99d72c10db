// SPDX-License-Identifier: Apache-2.0
#pragma once

// Connections by socket cookie: open addressing, linear probing, one cache line a connection.
// Two events of three are the first or the last of a connection, so what counts is the cost of
// insert and erase: no allocation, and no tombstones that slow down the next search.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe {

enum class connection_phase : uint8_t {
  live,
  aged,   ///< not heard of for long: taken for closed, but its counts are remembered
  ended,  ///< closed; remembered for a while so that late records do not count it again
  failed, ///< a connect that never succeeded; remembered likewise
};

/// What one connection has added to its series so far.
struct connection {
  uint64_t cookie = 0; ///< 0: the slot is free; the kernel counts cookies from 1
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t opened_ns = 0;  ///< 0: unknown
  uint64_t ended_ns = 0;   ///< when it closed or failed
  uint64_t connect_ns = 0; ///< as added to the series' connection time
  uint32_t retransmits = 0;
  uint32_t series = 0;    ///< index into the outbound or the inbound series
  uint32_t refreshed = 0; ///< the tick at which it was heard of
  connection_phase phase = connection_phase::live;
  bool inbound : 1 = false;
  bool connect_counted : 1 = false;
  bool reset_counted : 1 = false;
  bool restarted : 1 = false; ///< its totals began anew: the series has more than they say
};

static_assert(sizeof(connection) == 64);

class connection_table {
public:
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t capacity() const { return slots_.size(); }

  /// The connection, or null. Pointers live until the next insert or erase.
  [[nodiscard]] connection* find(uint64_t cookie) {
    if (slots_.empty())
      return nullptr;
    for (auto i = home(cookie);; i = next(i)) {
      if (slots_[i].cookie == 0) // First: no connection has the cookie 0, a free slot does.
        return nullptr;
      if (slots_[i].cookie == cookie)
        return &slots_[i];
    }
  }

  [[nodiscard]] bool contains(uint64_t cookie) const {
    if (slots_.empty())
      return false;
    auto i = home(cookie);
    while (slots_[i].cookie != 0 && slots_[i].cookie != cookie)
      i = next(i);
    return slots_[i].cookie != 0;
  }

  /// The connection will be looked for soon: has its cache line fetched meanwhile.
  void expect(uint64_t cookie) const {
    if (!slots_.empty())
      __builtin_prefetch(&slots_[home(cookie)], 1);
  }

  /// Adds a connection whose cookie is not 0 and not in the table.
  connection& insert(const connection& added) {
    if (4 * (size_ + 1) > 3 * slots_.size())
      rehash(slots_.empty() ? 8 : 2 * slots_.size());
    ++size_;
    return place(added);
  }

  void erase(uint64_t cookie) {
    auto* found = find(cookie);
    if (found == nullptr)
      return;
    --size_;
    // Moves what was pushed along by this slot back, so that no search meets a hole.
    auto hole = static_cast<size_t>(found - slots_.data());
    for (auto i = next(hole); slots_[i].cookie != 0; i = next(i)) {
      const auto wanted = home(slots_[i].cookie);
      const auto mask = slots_.size() - 1;
      if (((i - wanted) & mask) >= ((i - hole) & mask)) {
        slots_[hole] = slots_[i];
        hole = i;
      }
    }
    slots_[hole].cookie = 0;
  }

  template <class Function>
  void for_each(Function&& function) {
    for (auto& slot : slots_)
      if (slot.cookie != 0)
        function(slot);
  }

  /// Gives memory back after a burst. Moves every connection.
  void shrink() {
    if (size_ == 0) {
      slots_ = {};
      return;
    }
    auto wanted = slots_.size();
    while (wanted > 8 && 8 * size_ < wanted)
      wanted /= 2;
    if (wanted < slots_.size())
      rehash(wanted);
  }

private:
  /// The kernel gives out cookies in sequence, a block per CPU: multiplied by 2^64 / golden ratio,
  /// neighbours land far apart.
  [[nodiscard]] size_t home(uint64_t cookie) const {
    return ((cookie * 0x9E3779B97F4A7C15U) >> 32) & (slots_.size() - 1);
  }
  [[nodiscard]] size_t next(size_t i) const { return (i + 1) & (slots_.size() - 1); }

  connection& place(const connection& added) {
    auto i = home(added.cookie);
    while (slots_[i].cookie != 0)
      i = next(i);
    return slots_[i] = added;
  }

  void rehash(size_t capacity) {
    const auto old = std::exchange(slots_, std::vector<connection>(capacity));
    for (const auto& slot : old)
      if (slot.cookie != 0)
        place(slot);
  }

  std::vector<connection> slots_; ///< size is 0 or a power of two
  size_t size_ = 0;
};

} // namespace troupe
