// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mysql/classify.hpp"

#include "actors/container/l7/mysql/frame.hpp"
#include "actors/container/l7/mysql/handshake.hpp"
#include "actors/container/l7/mysql/requests.hpp"

namespace troupe::l7::mysql {

namespace {

match matches_greeting(std::string_view server) {
  constexpr uint32_t greeting_max = 512;
  const auto head = read_header(server);
  if (!head.has_value()) // Its length is far below 64 KB.
    return server.size() < 3 || server[2] == 0 ? match::perhaps : match::no;
  const auto payload = server.substr(header_bytes);
  if (head->sequence != 0 || head->length < 33 || head->length > greeting_max)
    return match::no;
  if (payload.empty())
    return match::perhaps;
  if (!is_greeting(payload))
    return match::no;
  return payload.find('\0') != std::string_view::npos ? match::yes : match::perhaps;
}

// A command that begins a row, and how a server answers it: OK, an error, or a count of columns.
match matches_midstream(const opening& begun) {
  constexpr uint32_t midstream_max = 1U << 20; // Most are short, and most noise would be long.
  const auto asked = read_header(begun.client);
  const auto said = read_header(begun.server);
  if (asked.has_value()) {
    const auto payload = begun.client.substr(header_bytes);
    const bool good = asked->sequence == 0 && asked->length < midstream_max
                      && (payload.empty() || is_command(payload, asked->length));
    if (!good)
      return match::no;
  }
  if (said.has_value()) {
    const auto payload = begun.server.substr(header_bytes);
    const auto mark = static_cast<uint8_t>(payload.empty() ? 0 : payload[0]);
    const bool ok = mark == 0x00 && said->length >= 7;
    const bool columns = mark > 0 && mark < 0xfb && said->length <= 2;
    const bool good = payload.empty() || ok || columns || mark == 0xff || mark == 0xfe;
    if (said->sequence != 1 || said->length > 512 || !good)
      return match::no;
  }
  const bool both = begun.client.size() > header_bytes && begun.server.size() > header_bytes;
  return both ? match::yes : match::perhaps;
}

} // namespace

match classify(const opening& begun) {
  if (begun.in_midstream)
    return matches_midstream(begun);
  if (!begun.server.empty())
    return matches_greeting(begun.server);
  return begun.client.empty() ? match::perhaps : match::no; // The server speaks first.
}

} // namespace troupe::l7::mysql
