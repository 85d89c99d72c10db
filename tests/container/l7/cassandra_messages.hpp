// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Cassandra's clients and servers say, written from the specifications of its protocol.

#include "tests/container/l7/byte_order.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::l7::cassandra_said {

inline constexpr auto number = big_endian;
inline std::string text(const std::string& x) {
  return number(x.size(), 2) + x;
}
inline std::string long_text(const std::string& x) {
  return number(x.size(), 4) + x;
}

inline std::string message(int version, int flags, int stream, int opcode,
                           const std::string& body) {
  return number(static_cast<uint64_t>(version), 1) + number(static_cast<uint64_t>(flags), 1)
         + number(static_cast<uint64_t>(stream), 2) + number(static_cast<uint64_t>(opcode), 1)
         + long_text(body);
}
inline std::string ask(int stream, int opcode, const std::string& body, int version = 4) {
  return message(version, 0, stream, opcode, body);
}
inline std::string say(int stream, int opcode, const std::string& body, int version = 4) {
  return message(version | 0x80, 0, stream, opcode, body);
}

inline constexpr int error = 0;
inline constexpr int startup = 1;
inline constexpr int ready = 2;
inline constexpr int options = 5;
inline constexpr int supported = 6;
inline constexpr int query = 7;
inline constexpr int result = 8;
inline constexpr int prepare = 9;
inline constexpr int execute = 10;
inline constexpr int event = 12;
inline constexpr int batch = 13;

inline std::string start(int version = 4, const std::string& more = {}) {
  return ask(0, startup,
             number(more.empty() ? 1 : 2, 2) + more + text("CQL_VERSION") + text("3.4.5"), version);
}
inline std::string select(int stream, const std::string& cql, int version = 4) {
  return ask(stream, query, long_text(cql) + number(1, 2) + number(0, 1), version);
}
inline std::string rows(int stream, size_t bytes = 20, int version = 4) {
  return say(stream, result, number(2, 4) + std::string(bytes, 'r'), version);
}
inline std::string refuse(int stream, uint32_t code, int version = 4) {
  return say(stream, error, number(code, 4) + text("no"), version);
}

// Version 5's frames: length and flag, their checksum, the payload, and a checksum that nobody here
// looks at.
inline std::string frame(const std::string& payload, bool whole = true) {
  const auto header = static_cast<uint32_t>(payload.size()) | (whole ? 1U << 17U : 0U);
  uint32_t crc = 0x875060;
  std::string bytes;
  for (unsigned i = 0; i < 3; ++i) {
    bytes += static_cast<char>(header >> (8 * i));
    crc ^= (header >> (8 * i) & 0xffU) << 16U;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc << 1U) ^ ((crc & 0x80'0000U) != 0 ? 0x1974f0bU : 0U);
    crc &= 0xff'ffffU;
  }
  for (unsigned i = 0; i < 3; ++i)
    bytes += static_cast<char>(crc >> (8 * i));
  return bytes + payload + "crc!";
}

} // namespace troupe::l7::cassandra_said
