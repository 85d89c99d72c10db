// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers, texts and kinds of packets of ClickHouse's native protocol.

#include "actors/container/l7/byte_cursor.hpp"

#include <cstdint>
#include <string_view>

namespace troupe::l7::clickhouse {

enum class client_packet : uint8_t {
  hello = 0,
  query = 1,
  data = 2,
  cancel = 3,
  ping = 4,
  keep_alive = 6,
  scalar = 7,
};

enum class server_packet : uint8_t {
  hello = 0,
  data = 1,
  exception = 2,
  progress = 3,
  pong = 4,
  end_of_stream = 5,
  profile_info = 6,
  totals = 7,
  extremes = 8,
  log = 10,
  table_columns = 11,
  part_uuids = 12,
  read_task_request = 13,
  profile_events = 14,
  timezone_update = 17,
};

/// The revision of the protocol in which something came (ProtocolDefines.h). What both ends speak
/// is the older one of their two.
namespace since {
inline constexpr uint64_t total_rows_in_progress = 51554;
inline constexpr uint64_t block_info = 51903;
inline constexpr uint64_t client_info = 54032;
inline constexpr uint64_t quota_key = 54060;
inline constexpr uint64_t version_patch = 54401;
inline constexpr uint64_t write_info = 54420;
inline constexpr uint64_t settings_as_strings = 54429;
inline constexpr uint64_t interserver_secret = 54441;
inline constexpr uint64_t opentelemetry = 54442;
inline constexpr uint64_t forwarded_for = 54443;
inline constexpr uint64_t referer = 54447;
inline constexpr uint64_t distributed_depth = 54448;
inline constexpr uint64_t query_start_time = 54449;
inline constexpr uint64_t parallel_replicas = 54453;
inline constexpr uint64_t custom_serialization = 54454;
inline constexpr uint64_t addendum = 54458;
inline constexpr uint64_t parameters = 54459;
inline constexpr uint64_t elapsed_in_progress = 54460;
inline constexpr uint64_t total_bytes_in_progress = 54463;
inline constexpr uint64_t rows_before_aggregation = 54469;
inline constexpr uint64_t chunked_packets = 54470;
inline constexpr uint64_t parallel_replicas_version = 54471;
inline constexpr uint64_t granted_roles = 54472;
inline constexpr uint64_t line_numbers = 54475;
inline constexpr uint64_t jwt = 54476;
inline constexpr uint64_t out_of_order_buckets = 54480;
inline constexpr uint64_t compressed_logs = 54481;
inline constexpr uint64_t client_agent = 54485;
inline constexpr uint64_t internal_query = 54486;
inline constexpr uint64_t current_roles = 54488;
inline constexpr uint64_t string_sizes = 54492;
} // namespace since

/// A number in groups of seven bits, the lowest first; more than 64 bits are none.
inline uint64_t read_varuint(byte_cursor& cursor) {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = cursor.u8();
    result |= uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0)
      return result;
  }
  cursor.fail();
  return 0;
}

inline std::string_view read_text(byte_cursor& cursor) {
  return cursor.take(read_varuint(cursor));
}

} // namespace troupe::l7::clickhouse
