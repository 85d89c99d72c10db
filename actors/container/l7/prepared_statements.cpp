// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/prepared_statements.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7 {

namespace {

size_t size_of(std::string_view name, const sql_statement& x) {
  return name.size() + x.operation.size() + x.detail.size();
}

} // namespace

void prepared_statements::erase(entries::const_iterator which) {
  bytes_ -= size_of(which->first, *which->second.statement);
  known_.erase(which);
}

void prepared_statements::remember(std::string_view name,
                                   std::shared_ptr<const sql_statement> statement) {
  forget(name);
  if (name.size() > name_max || statement == nullptr)
    return;
  const auto size = size_of(name, *statement);
  while (!known_.empty() && (known_.size() >= most || bytes_ + size > most_bytes))
    erase(std::min_element(known_.begin(), known_.end(), [](const auto& a, const auto& b) {
      return a.second.age < b.second.age;
    }));
  bytes_ += size;
  known_.emplace(name, entry{std::move(statement), ++remembered_});
}

void prepared_statements::forget(std::string_view name) {
  if (const auto known = known_.find(name); known != known_.end())
    erase(known);
}

void prepared_statements::forget_all() {
  known_.clear();
  bytes_ = 0;
}

std::shared_ptr<const sql_statement> prepared_statements::find(std::string_view name) const {
  const auto known = known_.find(name);
  return known != known_.end() ? known->second.statement : nullptr;
}

} // namespace troupe::l7
