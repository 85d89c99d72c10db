// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::l7::kafka {

inline constexpr int16_t produce = 0;
inline constexpr int16_t fetch = 1;
inline constexpr int16_t list_offsets = 2;
inline constexpr int16_t metadata = 3;
inline constexpr int16_t offset_commit = 8;
inline constexpr int16_t offset_fetch = 9;
inline constexpr int16_t find_coordinator = 10;
inline constexpr int16_t sasl_handshake = 17;
inline constexpr int16_t api_versions = 18;
inline constexpr int16_t create_topics = 19;
inline constexpr int16_t delete_topics = 20;
inline constexpr int16_t txn_offset_commit = 28;

/// Asked when nothing else has been asked of a connection.
inline bool begins_connection(int16_t key) {
  return key == api_versions || key == sasl_handshake;
}

/// Where an answer has an error code for all of itself.
enum class error_place : uint8_t {
  none,           ///< its parts have codes of their own, or it has none
  first,          ///< two bytes at once
  after_throttle, ///< behind throttle_time_ms, which it has since the version `throttled_since`
};

/// One kind of request, as Kafka's protocol guide and its message definitions have it.
struct api {
  std::string_view name;
  /// From this version on, strings and arrays are compact, and there are tagged fields.
  int16_t flexible_since = 0;
  error_place error = error_place::none;
  int16_t throttled_since = 0;
};

inline constexpr int16_t never = 0x7fff;

/// Null where the key is of no request that we know.
const api* find_api(int16_t key);

/// Versions grow slowly; none has as many.
inline constexpr int16_t version_max = 30;

} // namespace troupe::l7::kafka
