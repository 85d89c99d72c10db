// SPDX-License-Identifier: Apache-2.0
#pragma once

// Messages of PostgreSQL as tests write them.

#include "actors/container/l7/postgres/postgres.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <string>
#include <vector>

namespace troupe::l7::postgres_messages {

using namespace std::string_literals;

using texts = std::vector<std::string>;

inline std::string uint32(uint64_t x) {
  std::string result;
  for (int shift = 24; shift >= 0; shift -= 8)
    result.push_back(static_cast<char>(x >> shift & 0xff));
  return result;
}

inline std::string message(char type, const std::string& body = "") {
  return type + uint32(body.size() + 4) + body;
}

inline std::string startup(uint32_t code, const std::string& body = "") {
  return uint32(body.size() + 8) + uint32(code) + body;
}

inline std::string query(const std::string& text) {
  return message('Q', text + "\0"s);
}
inline std::string parse(const std::string& name, const std::string& text) {
  return message('P', name + "\0"s + text + "\0\0\0"s);
}
inline std::string bind(const std::string& name, const std::string& portal = "") {
  return message('B', portal + "\0"s + name + "\0"s + std::string(6, '\0'));
}
inline std::string describe() {
  return message('D', "P\0"s);
}
inline std::string execute(const std::string& portal = "") {
  return message('E', portal + std::string(5, '\0'));
}
inline std::string sync_point() {
  return message('S');
}

inline std::string complete(const std::string& tag) {
  return message('C', tag + "\0"s);
}
inline std::string ready(char status = 'I') {
  return message('Z', std::string{status});
}
inline std::string failure(const std::string& sqlstate) {
  return message('E', "SERROR\0VERROR\0C"s + sqlstate + "\0Mnot so\0\0"s);
}
inline std::string row(const std::string& value) {
  return message('D', "\0\1"s + uint32(value.size()) + value);
}
inline std::string columns() {
  return message('T', "\0\1id\0"s + std::string(18, '\0'));
}
inline std::string bound() {
  return message('1') + message('2');
}

// The startup of most clients, up to the first ReadyForQuery.
inline std::vector<line> opened(std::vector<line> rest) {
  std::vector<line> lines{client(startup(196608, "user\0joe\0database\0shop\0\0"s)),
                          server(message('R', uint32(10) + "SCRAM-SHA-256\0\0"s)),
                          client(message('p', "SCRAM-SHA-256\0"s + uint32(4) + "n,,x")),
                          server(message('R', uint32(0))
                                 + message('S', "server_version\0"
                                                "15\0"s)
                                 + message('K', uint32(1) + uint32(2)) + ready())};
  lines.insert(lines.end(), rest.begin(), rest.end());
  return lines;
}

} // namespace troupe::l7::postgres_messages
