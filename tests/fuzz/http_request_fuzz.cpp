// SPDX-License-Identifier: Apache-2.0
// What a client may put into a request, as far as it is we who read it; civetweb splits the
// request. The input is texts with NUL between: a query, an Accept-Encoding, a peer's address.

#include "actors/exporter/actors_page.hpp"
#include "actors/exporter/gzip.hpp"
#include "actors/exporter/listen_address.hpp"
#include "tests/fuzz/expect.hpp"

#include <string>

namespace {

using namespace troupe;
using fuzz::expect;

void check_query(std::string_view query) {
  const auto read = parse_actors_query(query);
  expect(read || !query.empty(), "no query is a good one");
  if (!read)
    return;
  expect(read->containers_max == busiest_containers || read->containers_max == all_containers_max,
         "nobody chooses a size of his own");
  expect(!read->json || query.find("format=json") != query.npos, "JSON was asked for");
  if (query.empty() || query.ends_with('&'))
    return;
  std::string twice{query};
  twice.append("&").append(query);
  const auto again = parse_actors_query(twice);
  expect(again.has_value() && again->json == read->json
             && again->containers_max == read->containers_max,
         "the last word holds");
}

void check_encoding(std::string_view header) {
  expect(!accepts_gzip(header) || header.find("gzip") != header.npos,
         "gzip only where it is named");
}

void check_peer(std::string_view address) {
  const bool loopback = is_loopback(address);
  expect(!loopback || address.starts_with("127.") || address.find(':') != address.npos,
         "only 127.0.0.0/8 and ::1 are the machine itself");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto rest = fuzz::text_of(data, size);
  check_query(fuzz::next_part(rest, '\0'));
  check_encoding(fuzz::next_part(rest, '\0'));
  check_peer(rest);
  return 0;
}
