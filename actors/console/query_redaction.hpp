// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/l7.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// A query without its values: every string and number is ?, comments are left out. Where a quote
/// follows a backslash the dialects disagree on whether it ends the string: all that follows is
/// left out, rather than that a value is shown. The text may be cut off anywhere.
///
/// `double_quotes_name`: "x" is a name, as it is everywhere but in MySQL.
[[nodiscard]] std::string redact_sql(std::string_view query, bool double_quotes_name);

/// What was asked for, as it may be shown to anybody: queries without values, URLs without their
/// arguments; nothing where we do not know what of it is a value.
[[nodiscard]] std::string redacted_query(const l7_exchange& exchange);

} // namespace troupe
