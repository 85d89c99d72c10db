// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe {

/// A hash map from a number other than 0 to a small value, in one array: a look-up touches one or
/// two cache lines. Pointers to values end with the next insertion or removal.
template <class Value>
class flat_map {
public:
  [[nodiscard]] size_t size() const { return size_; }

  [[nodiscard]] Value* find(uint64_t key) {
    const auto i = position(key);
    return slots_[i].first != 0 ? &slots_[i].second : nullptr;
  }

  /// The key's value, made by default if there was none.
  Value& operator[](uint64_t key) {
    auto i = position(key);
    if (slots_[i].first != 0)
      return slots_[i].second;
    if ((size_ + 1) * 4 > slots_.size() * 3) {
      grow();
      i = position(key);
    }
    ++size_;
    slots_[i].first = key;
    return slots_[i].second;
  }

  bool erase(uint64_t key) {
    auto hole = position(key);
    if (slots_[hole].first == 0)
      return false;
    // No tombstones: move back what was pushed past the hole.
    for (size_t i = next(hole); slots_[i].first != 0; i = next(i)) {
      const auto wanted = home(slots_[i].first);
      if (((i - wanted) & mask()) < ((i - hole) & mask()))
        continue;
      slots_[hole] = std::move(slots_[i]);
      hole = i;
    }
    slots_[hole] = {};
    --size_;
    return true;
  }

  template <class Visitor>
  void for_each(Visitor&& visitor) {
    for (auto& [key, value] : slots_)
      if (key != 0)
        visitor(key, value);
  }

private:
  using slot_type = std::pair<uint64_t, Value>;

  [[nodiscard]] size_t mask() const { return slots_.size() - 1; }
  [[nodiscard]] size_t next(size_t i) const { return (i + 1) & mask(); }

  /// Fibonacci hashing: cgroup ids and pids are small and dense, the product's high bits are not.
  [[nodiscard]] size_t home(uint64_t key) const {
    return static_cast<size_t>((key * 0x9E3779B97F4A7C15U) >> 32) & mask();
  }

  /// Where the key is, or the free slot where it would go: one slot in four is free.
  [[nodiscard]] size_t position(uint64_t key) const {
    auto i = home(key);
    while (slots_[i].first != key && slots_[i].first != 0)
      i = next(i);
    return i;
  }

  void grow() {
    auto old = std::exchange(slots_, std::vector<slot_type>(slots_.size() * 2));
    for (auto& slot : old)
      if (slot.first != 0)
        slots_[position(slot.first)] = std::move(slot);
  }

  std::vector<slot_type> slots_ = std::vector<slot_type>(16);
  size_t size_ = 0;
};

} // namespace troupe
