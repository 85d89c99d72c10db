// SPDX-License-Identifier: Apache-2.0
#pragma once

// DNS messages (RFC 1035 §4), as in a datagram or behind the length of a TCP connection.
// Shared with: whoever wants to know which names addresses have.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::l7::dns {

/// Names are in lower case without the last dot, the root is "."; at most 1,004 bytes. What is no
/// letter, digit, '-', '_', '*', '/' or ':' in a label is escaped as in a zone file: "\046".
struct dns_question {
  std::string name;
  uint16_t type = 0;
  uint16_t in_class = 0;
};

struct dns_answer {
  std::string name;
  uint16_t type = 0;
  uint32_t ttl_seconds = 0;
  /// Of an A or AAAA record, else zeros; an IPv4 address is mapped into IPv6 (::ffff:192.0.2.1).
  std::array<uint8_t, 16> address{};
  std::string target; ///< of a CNAME
};

inline constexpr uint16_t type_a = 1;
inline constexpr uint16_t type_cname = 5;
inline constexpr uint16_t type_aaaa = 28;
inline constexpr uint16_t type_ixfr = 251;
inline constexpr uint16_t type_axfr = 252;

inline constexpr uint8_t opcode_notify = 4;
inline constexpr uint8_t opcode_update = 5;

struct dns_message {
  /// Further ones are not read.
  static constexpr size_t answers_max = 128;

  uint16_t id = 0;
  bool is_response = false;
  uint8_t opcode = 0;
  bool is_truncated = false; ///< by the server: the client will ask again over TCP
  uint16_t rcode = 0;        ///< with the extension of EDNS where all of the message is there
  bool has_question = false; ///< a server that did not understand it may leave it out
  dns_question question;
  std::vector<dns_answer> answers;
  /// False where bytes end before the message does; then there may be more answers.
  bool is_whole = false;
};

/// Reads a message, or as much of it as is there. Nothing where the header or the question is
/// missing, or where it is no DNS message: it has more than one question, a name that points
/// forwards or is too long, records that are not what they say.
std::optional<dns_message> parse_dns_message(std::string_view bytes);

/// "A", "AAAA", ... or "TYPE65280" (RFC 3597).
std::string type_name(uint16_t type);

/// Whether that type has a name here.
bool is_known_type(uint16_t type);

/// As text: "192.0.2.1", "2001:db8::1".
std::string address_text(const std::array<uint8_t, 16>& address);

} // namespace troupe::l7::dns
