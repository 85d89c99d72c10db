// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace troupe::l7::postgres {

inline constexpr size_t ready_bytes = 6;

/// With a ReadyForQuery.
bool ends_ready(std::string_view bytes);

/// How an answer ended.
struct ending {
  size_t at = 0; ///< where the message begins that says so
  bool failed = false;
};

/// Of bytes that begin anywhere in an answer: of its last messages, which are read backwards from a
/// ReadyForQuery with which the bytes end. Nothing where they do not, or where what is before it is
/// no message that is due there.
///
/// That rows look like that by chance: at least eleven bytes have to have one value each, or one of
/// a few (below 2^-80). Rows in text have no zero but in the lengths of their values, and so
/// cannot. Who stores bytes that are read as they are (bytea, in binary) can put it there; it is
/// believed where a send or receive ends exactly behind it, and then what follows is out of sync,
/// until the client speaks: one request has the wrong outcome.
std::optional<ending> find_ending(std::string_view bytes);

} // namespace troupe::l7::postgres
