// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dns/classify.hpp"

#include "actors/container/l7/dns/message.hpp"

#include <cstddef>
#include <cstdint>

namespace troupe::l7::dns {

namespace {

constexpr size_t header_bytes = 12;
// Header, the root's name, type and class.
constexpr size_t message_bytes_min = header_bytes + 5;
constexpr uint16_t multicast_dns_port = 5353;
constexpr uint16_t llmnr_port = 5355;

unsigned number16(std::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]) * 256U + static_cast<unsigned char>(bytes[at + 1]);
}

// Of what is there of a header. A query has no answers; what it has beside its question are EDNS,
// a signature, and where it asks for changes of a zone (IXFR) its state.
bool is_likely_header(std::string_view bytes) {
  if (bytes.size() < 4)
    return true;
  const auto flags = number16(bytes, 2);
  const bool is_response = (flags & 0x8000) != 0;
  constexpr unsigned opcode_and_reserved = 0x7840;
  constexpr unsigned of_answers = 0x048f; // AA, RA, RCODE.
  if ((flags & opcode_and_reserved) != 0 || (!is_response && (flags & of_answers) != 0))
    return false;
  if (bytes.size() >= 6 && number16(bytes, 4) != 1)
    return false;
  if (is_response)
    return true;
  return (bytes.size() < 8 || number16(bytes, 6) == 0)
         && (bytes.size() < 10 || number16(bytes, 8) <= 1)
         && (bytes.size() < 12 || number16(bytes, 10) <= 2);
}

bool is_likely_class(uint16_t x) {
  return x == 1 || x == 3 || x == 4 || x == 255;
}

match either(match client, match server, bool any) {
  if (client == match::yes || server == match::yes)
    return any || (client != match::no && server != match::no) ? match::yes : match::no;
  if (any)
    return client == match::no && server == match::no ? match::no : match::perhaps;
  return client == match::no || server == match::no ? match::no : match::perhaps;
}

} // namespace

match begins_message(std::string_view bytes) {
  if (!is_likely_header(bytes))
    return match::no;
  const auto message = parse_dns_message(bytes);
  if (!message) // Its name may still be to come.
    return bytes.size() < header_bytes + 255 + 4 ? match::perhaps : match::no;
  return is_known_type(message->question.type) && is_likely_class(message->question.in_class)
             ? match::yes
             : match::no;
}

match begins_framed_message(std::string_view bytes) {
  if (bytes.size() < 2)
    return match::perhaps;
  const size_t length = number16(bytes, 0);
  if (length < message_bytes_min)
    return match::no;
  const auto there = bytes.substr(2, length);
  const auto result = begins_message(there);
  return result == match::perhaps && there.size() == length ? match::no : result;
}

bool is_answer(std::string_view message) {
  return message.size() > 2 && (static_cast<unsigned char>(message[2]) & 0x80) != 0;
}

match classify_datagrams(const opening& begun) {
  if (begun.server_port == multicast_dns_port || begun.server_port == llmnr_port)
    return match::no;
  const auto client = begun.client.empty() ? match::perhaps : begins_message(begun.client);
  const auto server = begun.server.empty() ? match::perhaps : begins_message(begun.server);
  const auto result = either(client, server, false);
  return result == match::perhaps && (!begun.client.empty() || !begun.server.empty())
             ? match::no // A datagram is a whole message.
             : result;
}

match classify_stream(const opening& begun) {
  if (!begun.in_midstream && begun.client.empty() && !begun.server.empty())
    return match::no; // The server does not begin.
  return either(begins_framed_message(begun.client), begins_framed_message(begun.server),
                begun.in_midstream);
}

} // namespace troupe::l7::dns
