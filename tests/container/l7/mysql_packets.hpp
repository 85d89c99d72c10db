// SPDX-License-Identifier: Apache-2.0
#pragma once

// Packets of MySQL as tests write them.

#include "actors/container/l7/mysql/mysql.hpp"
#include "tests/container/l7/byte_order.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <string>
#include <vector>

namespace troupe::l7::mysql_packets {

using namespace std::string_literals;

using texts = std::vector<std::string>;

inline constexpr auto number = little_endian;

inline std::string packet(int sequence, const std::string& payload) {
  return number(payload.size(), 3) + static_cast<char>(sequence) + payload;
}

inline std::string command(int verb, const std::string& body = "") {
  return packet(0, static_cast<char>(verb) + body);
}

inline line query(const std::string& text) {
  return client(command(3, text));
}

inline std::string ok(int sequence = 1, uint64_t status = 2, char mark = '\0') {
  return packet(sequence, mark + "\0\0"s + number(status, 2) + number(0, 2));
}
inline std::string eof(int sequence, uint64_t status = 2) {
  return packet(sequence, "\xfe\0\0"s + number(status, 2));
}
inline std::string failure(uint64_t code, int sequence = 1) {
  return packet(sequence, "\xff" + number(code, 2) + "#42000no");
}
inline std::string column(int sequence) {
  return packet(sequence, "\x03"
                          "def\0\0\0\x01"
                          "a\0\x0c?\0\0\0\0\0\x03\0\0\0\0\0"s);
}
inline std::string row(int sequence, const std::string& value) {
  return packet(sequence, static_cast<char>(value.size()) + value);
}

// A result set as it is with CLIENT_DEPRECATE_EOF, and without; returns the next sequence too.
inline std::string results(bool deprecate_eof, int& next, uint64_t status = 2) {
  auto text = packet(next, "\x01") + column(next + 1);
  next += 2;
  if (!deprecate_eof)
    text += eof(next++);
  text += row(next, "1") + row(next + 1, "2");
  next += 2;
  text += deprecate_eof ? ok(next, status, '\xfe') : eof(next, status);
  ++next;
  return text;
}
inline std::string results(bool deprecate_eof, uint64_t status = 2) {
  int next = 1;
  return results(deprecate_eof, next, status);
}

inline std::string greeting(uint64_t capabilities = 0xffffffff) {
  return packet(0, "\x0a"
                   "5.5.5-10.11.6-MariaDB\0"s
                       + number(7, 4) + "12345678\0"s + number(capabilities & 0xffff, 2) + "\x2d"
                       + number(2, 2) + number(capabilities >> 16, 2) + "\x15"
                       + std::string(10, '\0') + "123456789012\0mysql_native_password\0"s);
}
inline std::string response(uint64_t capabilities) {
  return packet(1, number(capabilities, 4) + number(1 << 24, 4) + "\x2d" + std::string(23, '\0')
                       + "joe\0\0shop\0"s);
}
inline constexpr uint64_t plain = 0x00ffa285 & ~0x820ULL;

inline std::vector<line> opened(std::vector<line> rest) {
  std::vector<line> lines{server(greeting()), client(response(plain)),
                          server(packet(2, "\xfemysql_native_password\0x\0"s)),
                          client(packet(3, "secret")), server(ok(4))};
  lines.insert(lines.end(), rest.begin(), rest.end());
  return lines;
}

} // namespace troupe::l7::mysql_packets
