// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::l7 {

/// What a query is shown as.
struct sql_statement {
  std::string operation;
  std::string detail;
};

/// The queries behind the names that a connection gave to them. Who gives too many loses the oldest
/// ones: their use is counted, but not named.
class prepared_statements {
public:
  static constexpr size_t most = 256;
  static constexpr size_t most_bytes = 128U << 10;
  static constexpr size_t name_max = 64;

  void remember(std::string_view name, std::shared_ptr<const sql_statement> statement);
  void forget(std::string_view name);
  void forget_all();

  /// Null where it is not known.
  [[nodiscard]] std::shared_ptr<const sql_statement> find(std::string_view name) const;
  [[nodiscard]] size_t size() const { return known_.size(); }

private:
  struct entry {
    std::shared_ptr<const sql_statement> statement;
    uint64_t age = 0;
  };
  struct name_hash {
    using is_transparent = void;
    size_t operator()(std::string_view x) const { return std::hash<std::string_view>{}(x); }
  };
  using entries = std::unordered_map<std::string, entry, name_hash, std::equal_to<>>;

  void erase(entries::const_iterator which);

  entries known_;
  size_t bytes_ = 0;
  uint64_t remembered_ = 0;
};

} // namespace troupe::l7
