// SPDX-License-Identifier: Apache-2.0
#pragma once

// Messages of Kafka's protocol: a length, then a header. Requests say which api they are of, in
// which version; an answer has only the correlation id of its request.

#include "actors/container/l7/byte_cursor.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::kafka {

inline constexpr size_t length_bytes = 4;
/// Brokers refuse more (socket.request.max.bytes), unless set otherwise; answers may be larger.
inline constexpr uint64_t request_bytes_max = 100U << 20U;
/// What a connection begins with is answered in some hundred bytes.
inline constexpr uint64_t first_response_bytes_max = 2048;

/// Strings, arrays and tagged fields, as the version of a message has them.
class fields : public byte_cursor {
public:
  fields(std::string_view bytes, bool is_flexible) : byte_cursor(bytes), flexible_(is_flexible) {}

  int16_t i16() { return static_cast<int16_t>(u16()); }
  int32_t i32() { return static_cast<int32_t>(u32()); }
  /// Empty where it is null.
  std::string_view string();
  /// Its number of elements; 0 where it is null.
  uint32_t array();
  /// Passed over.
  void tags();
  /// Where the array's elements are of a fixed size.
  void skip_array(uint32_t element_bytes) { skip(uint64_t{array()} * element_bytes); }
  /// Of a size that stands before it, as a string's does in four bytes.
  void skip_bytes();
  uint64_t varint();

private:
  bool flexible_;
};

struct request_header {
  uint64_t length = 0; ///< of the message, with the length's own bytes
  int16_t key = 0;
  int16_t version = 0;
  int32_t correlation_id = 0;
  bool is_flexible = false;
  std::string_view body; ///< what is there of it
};

enum class header_state : uint8_t { ok, need_more, invalid };

/// The client id is text or not there, the api and its version are known, the length holds them.
/// `need_more`: so far.
header_state read_request_header(std::string_view bytes, request_header& x);

struct response_header {
  static constexpr size_t bytes = 2 * length_bytes;

  uint64_t length = 0; ///< of the message, with the length's own bytes
  int32_t correlation_id = 0;
};

/// `invalid`: shorter than this header. It has a length all the same.
header_state read_response_header(std::string_view bytes, response_header& x);

/// The length of a message from either side, with its own bytes; nothing where it is not here.
std::optional<uint64_t> message_length(std::string_view bytes);

} // namespace troupe::l7::kafka
