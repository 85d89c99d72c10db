// SPDX-License-Identifier: Apache-2.0
// What applications put into queries, on its way to a terminal: no string may get through. The
// first byte of the input says which dialect, the rest is the query.

#include "actors/console/query_redaction.hpp"
#include "tests/fuzz/expect.hpp"

#include <cctype>
#include <string>

namespace {

using namespace troupe;
using fuzz::expect;

/// The secret can be told from whatever else is in the query: it has a character that the query
/// has not.
void check_secret(std::string query, char quote, bool names) {
  constexpr char mark = '\x01';
  std::erase(query, mark);
  std::erase(query, '\\'); // Behind it quotes mean what the server's settings say.
  // In front of the query nothing is open yet.
  const auto shown = redact_sql(std::string{quote} + mark + quote + " " + query, names);
  expect(shown.find(mark) == std::string::npos, "no string is shown");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  const bool names = (data[0] & 1) != 0;
  const std::string query{fuzz::text_of(data + 1, size - 1)};
  const auto shown = redact_sql(query, names);
  expect(shown.size() <= query.size() + 8, "it becomes no longer than it was");
  if (query.find_first_of("\"`") == std::string::npos)
    expect(shown.find('\'') == std::string::npos, "every string is gone");
  check_secret(query, '\'', names);
  if (!names)
    check_secret(query, '"', names);
  return 0;
}
