// SPDX-License-Identifier: Apache-2.0
#include "actors/container/address_names.hpp"

#include "actors/container/series_table.hpp"

#include <map>
#include <utility>

namespace troupe {

namespace {

/// FNV-1a, so that a name has one number in all accounts of a container. Who looks for two names
/// with one number finds its own two series to be one.
uint32_t hash_of(std::string_view name) {
  uint32_t result = 2166136261U;
  for (const char c : name)
    result = (result ^ static_cast<unsigned char>(c)) * 16777619U;
  return result != 0 ? result : 1;
}

/// As shown: only bytes of names, so that nothing else can be said with them.
bool is_showable(std::string_view name) {
  return !name.empty() && name != "." && name.size() <= address_names::name_bytes_max;
}

} // namespace

const address_names::names_of_address* address_names::find(const ip_address& address) const {
  const auto found = addresses_.find(address);
  return found != addresses_.end() ? &found->second : nullptr;
}

uint32_t address_names::number_of(std::string_view name) {
  const auto number = hash_of(name);
  if (names_.contains(number))
    return number;
  if (names_.size() >= names_max_) {
    ++overflow_;
    return 0;
  }
  names_.emplace(number, name);
  return number;
}

void address_names::assign(const ip_address& address, uint32_t first, uint32_t newest) {
  if (const auto known = addresses_.find(address); known != addresses_.end()) {
    known->second.newest = newest;
    return;
  }
  if (addresses_.size() >= addresses_max) {
    addresses_.erase(order_.front());
    order_.pop_front();
  }
  addresses_.emplace(address, names_of_address{first, newest});
  order_.push_back(address);
}

void address_names::learn(const ip_address& address, std::string_view name) {
  if (!is_showable(name))
    return;
  if (const auto number = number_of(name); number != 0)
    assign(address, number, number);
}

std::string address_names::text_of(const endpoint& dialled, uint32_t name) const {
  if (name == 0)
    if (const auto* known = find(dialled.ip))
      name = known->first;
  const auto found = names_.find(name);
  return found != names_.end() ? found->second + ':' + std::to_string(dialled.port)
                               : to_text(dialled);
}

std::vector<address_name> address_names::all() const {
  std::vector<address_name> result;
  result.reserve(addresses_.size());
  for (const auto& [address, known] : addresses_)
    result.push_back({to_text(address), names_.at(known.newest)});
  return result;
}

void address_names::absorb(const address_names& other) {
  for (const auto& [number, name] : other.names_)
    number_of(name);
  for (const auto& address : other.order_)
    if (const auto& theirs = other.addresses_.at(address);
        names_.contains(theirs.first) && names_.contains(theirs.newest))
      assign(address, theirs.first, theirs.newest);
  overflow_ += other.overflow_;
}

void merge_equal(std::vector<destination_stats>& rows) {
  std::map<std::pair<std::string, std::string>, size_t> known;
  size_t kept = 0;
  for (auto& row : rows) {
    const auto [at, is_new] = known.try_emplace({row.destination, row.actual_destination}, kept);
    if (!is_new) {
      add(rows[at->second], row);
      continue;
    }
    if (&rows[kept] != &row)
      rows[kept] = std::move(row);
    ++kept;
  }
  rows.resize(kept);
}

} // namespace troupe
