// SPDX-License-Identifier: Apache-2.0
#pragma once

// CQL's native protocol, versions 3 to 5: messages ("envelopes" in version 5), and the frames that
// version 5 puts around them once both sides have agreed on it.

#include "actors/container/l7/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::cassandra {

inline constexpr size_t header_bytes = 9;

enum class opcode : uint8_t {
  error = 0x00,
  startup = 0x01,
  ready = 0x02,
  authenticate = 0x03,
  options = 0x05,
  supported = 0x06,
  query = 0x07,
  result = 0x08,
  prepare = 0x09,
  execute = 0x0a,
  register_events = 0x0b,
  event = 0x0c,
  batch = 0x0d,
  auth_challenge = 0x0e,
  auth_response = 0x0f,
  auth_success = 0x10,
};

inline constexpr uint8_t flag_compressed = 0x01;
inline constexpr uint8_t flag_tracing = 0x02;
inline constexpr uint8_t flag_custom_payload = 0x04;
inline constexpr uint8_t flag_warning = 0x08;

struct header {
  uint8_t version = 0; ///< without the bit of answers
  uint8_t flags = 0;
  int16_t stream = 0; ///< negative: the server speaks of itself
  opcode code = opcode::error;
  uint32_t length = 0; ///< of the body

  [[nodiscard]] uint64_t size() const { return header_bytes + uint64_t{length}; }
  [[nodiscard]] bool has(uint8_t flag) const { return (flags & flag) != 0; }
};

/// Nothing where there are fewer bytes than a header has.
std::optional<header> read_header(std::string_view bytes);

/// A version, an opcode and a direction that go together.
bool is_lawful(std::string_view bytes, const header& x, side from);

/// What is only said where a connection begins, and the errors that say no to it.
bool is_of_handshake(opcode code);

/// Whether a server says this to that.
bool may_answer(opcode answer, opcode request);

/// The beginning of a request's body makes sense: asked where nothing proves that one begins here.
/// Nothing where that takes more bytes.
std::optional<bool> is_likely_request(const header& x, std::string_view bytes);

/// Version 5's frame around messages: a length with a checksum of its own, and one behind the
/// payload.
struct outer_frame {
  static constexpr size_t header_bytes = 6;
  static constexpr size_t trailer_bytes = 4;

  uint32_t length = 0;            ///< of the payload
  bool is_self_contained = false; ///< whole messages; otherwise a part of one

  [[nodiscard]] uint64_t size() const { return header_bytes + uint64_t{length} + trailer_bytes; }
};

/// Nothing where the header is not whole, or its checksum is another.
std::optional<outer_frame> read_outer_frame(std::string_view bytes);

} // namespace troupe::l7::cassandra
