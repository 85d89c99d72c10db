// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::l7 {

enum class sql_dialect : uint8_t {
  standard, ///< PostgreSQL's: a backslash in a string is itself
  mysql,    ///< a backslash escapes, and # begins a comment
};

/// What a query does, and to which table: "SELECT orders", "CREATE TABLE public.orders", "COMMIT".
/// Of several statements it is the first. No literal is ever part of it. Where `is_whole` is false
/// the text is only the beginning of the query, and its last word may be half of one.
///
/// Looks at the first few kilobytes once, whatever they are.
std::string sql_operation(std::string_view query, sql_dialect dialect, bool is_whole = true);

} // namespace troupe::l7
