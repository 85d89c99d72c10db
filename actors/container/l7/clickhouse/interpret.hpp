// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/l7.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::l7::clickhouse {

enum class reading : uint8_t { done, need_more, invalid };

/// The beginning of either end's Hello.
struct hello {
  uint64_t revision = 0;
  size_t bytes = 0; ///< up to and with the revision
};
reading read_hello(std::string_view bytes, hello& x);

/// What a client says once both have said Hello; empty before revision 54458.
struct addendum {
  bool is_chunked = false; ///< every packet is said in chunks from now on
  size_t bytes = 0;
};
reading read_addendum(std::string_view bytes, uint64_t revision, addendum& x);

/// A query up to the end of its text.
struct query {
  bool is_compressed = false; ///< blocks of both ends
  std::string_view text;      ///< as much of it as is there
  uint64_t text_bytes = 0;
  uint64_t bytes = 0; ///< of the packet, up to and with the text
  std::string traceparent;
};
reading read_query(std::string_view bytes, uint64_t revision, query& x);

/// The revision of which these bytes are a query in all its parts; of those that write it alike
/// the oldest. Nothing where they are of none.
std::optional<uint64_t> revision_of_query(std::string_view bytes);

/// Whether a query begins here, by what every revision has; asked where nothing proves it.
reading begins_query(std::string_view bytes);

/// The same for an exception, by its name.
bool begins_exception(std::string_view bytes);

void tell_query(const query& x, l7_exchange& told);

} // namespace troupe::l7::clickhouse
