// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/cassandra/frame.hpp"

#include "actors/container/l7/byte_cursor.hpp"

namespace troupe::l7::cassandra {
namespace {

constexpr uint8_t answer_bit = 0x80;
constexpr uint8_t known_flags = 0x1f;
constexpr uint32_t body_bytes_max = 256U << 20; // native_transport_max_frame_size is less.

/// Of the header's first three bytes, as version 5's specification has it.
uint32_t crc24(uint32_t bytes) {
  constexpr uint32_t polynomial = 0x1974f0b;
  uint32_t crc = 0x875060;
  for (unsigned i = 0; i < 3; ++i) {
    crc ^= (bytes & 0xffU) << 16U;
    bytes >>= 8U;
    for (unsigned bit = 0; bit < 8; ++bit) {
      crc <<= 1U;
      if ((crc & 0x1000000U) != 0)
        crc ^= polynomial;
    }
  }
  return crc;
}

bool is_of(opcode code, side from) {
  switch (code) {
    case opcode::startup:
    case opcode::options:
    case opcode::query:
    case opcode::prepare:
    case opcode::execute:
    case opcode::register_events:
    case opcode::batch:
    case opcode::auth_response:
      return from == side::client;
    case opcode::error:
    case opcode::ready:
    case opcode::authenticate:
    case opcode::supported:
    case opcode::result:
    case opcode::event:
    case opcode::auth_challenge:
    case opcode::auth_success:
      return from == side::server;
  }
  return false;
}

bool begins_text(byte_cursor body, uint32_t most) {
  const auto size = body.u32();
  const auto first = body.rest().substr(0, 1);
  return size > 0 && size <= most && (first.empty() || (first[0] >= '\t' && first[0] <= 'z'));
}

} // namespace

std::optional<header> read_header(std::string_view bytes) {
  byte_cursor cursor{bytes};
  header x;
  x.version = cursor.u8() & static_cast<uint8_t>(~answer_bit);
  x.flags = cursor.u8();
  x.stream = static_cast<int16_t>(cursor.u16());
  x.code = static_cast<opcode>(cursor.u8());
  x.length = cursor.u32();
  return cursor.good() ? std::optional{x} : std::nullopt;
}

bool is_lawful(std::string_view bytes, const header& x, side from) {
  const auto is_answer = (static_cast<uint8_t>(bytes[0]) & answer_bit) != 0;
  return is_answer == (from == side::server) && x.version >= 3 && x.version <= 5
         && (x.flags & ~known_flags) == 0 && is_of(x.code, from) && x.length <= body_bytes_max
         && (x.stream >= 0 || (from == side::server && x.stream == -1));
}

bool is_of_handshake(opcode code) {
  switch (code) {
    case opcode::options:
    case opcode::startup:
    case opcode::supported:
    case opcode::ready:
    case opcode::authenticate:
    case opcode::error:
      return true;
    default:
      return false;
  }
}

bool may_answer(opcode answer, opcode request) {
  switch (answer) {
    case opcode::error:
      return true;
    case opcode::supported:
      return request == opcode::options;
    case opcode::ready:
      return request == opcode::startup || request == opcode::register_events;
    case opcode::authenticate:
      return request == opcode::startup;
    case opcode::auth_challenge:
    case opcode::auth_success:
      return request == opcode::auth_response;
    case opcode::result:
      return request == opcode::query || request == opcode::prepare || request == opcode::execute
             || request == opcode::batch;
    default:
      return false;
  }
}

std::optional<bool> is_likely_request(const header& x, std::string_view bytes) {
  byte_cursor body{bytes.substr(header_bytes)};
  if (x.code == opcode::options)
    return x.length == 0;
  if (x.has(flag_compressed) || x.has(flag_custom_payload))
    return x.length > 0;
  if (bytes.size() < header_bytes + 5 && bytes.size() < x.size())
    return std::nullopt;
  switch (x.code) {
    case opcode::query:
    case opcode::prepare:
      return x.length > 4 && begins_text(body, x.length - 4);
    case opcode::execute: {
      const auto id = body.u16();
      return id > 0 && id <= 64 && id < x.length;
    }
    case opcode::batch:
      return body.u8() <= 2;
    case opcode::startup:
    case opcode::register_events: {
      const auto count = body.u16();
      return count > 0 && count < 32;
    }
    default:
      return x.length >= 4 && body.u32() <= x.length - 4;
  }
}

std::optional<outer_frame> read_outer_frame(std::string_view bytes) {
  byte_cursor cursor{bytes};
  const auto low = cursor.u32_little();
  const auto high = static_cast<uint32_t>(cursor.u8()) | static_cast<uint32_t>(cursor.u8()) << 8U;
  if (!cursor.good())
    return std::nullopt;
  const auto header = low & 0xff'ffffU;
  if (crc24(header) != (low >> 24U | high << 8U))
    return std::nullopt;
  return outer_frame{header & 0x1'ffffU, (header & 0x2'0000U) != 0};
}

} // namespace troupe::l7::cassandra
