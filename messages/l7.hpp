// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// What is spoken on a connection. gRPC is HTTP/2 until one looks at a request.
enum class l7_protocol : uint8_t {
  opaque, ///< nothing that we understand, TLS among it
  http,
  http2,
  grpc,
  dns,
  postgres,
  mysql,
  redis,
  memcached,
  mongo,
  kafka,
  cassandra,
  rabbitmq, ///< AMQP 0-9-1
  nats,
  zookeeper,
  clickhouse,
  dubbo,
  foundationdb,
};

/// As in metric names, JSON and on the command line: "http", "postgres", ... "opaque".
std::string_view to_string(l7_protocol protocol);

inline constexpr auto last_l7_protocol = l7_protocol::foundationdb;

enum class l7_outcome : uint8_t {
  ok,
  failed,
  unknown, ///< the protocol did not tell us, or what tells was not captured
};

/// As in metric labels: "ok", "failed", "unknown".
std::string_view to_string(l7_outcome outcome);

/// One request and its answer, seen from either end of a connection.
struct l7_exchange {
  l7_protocol protocol = l7_protocol::opaque;
  l7_outcome outcome = l7_outcome::unknown;
  int status = 0;          ///< HTTP's or gRPC's code, DNS' response code, a database's error number
  uint64_t started_ns = 0; ///< CLOCK_BOOTTIME of the request's first byte
  uint64_t duration_ns = 0;    ///< until the answer's first byte
  uint64_t request_bytes = 0;  ///< of the message, headers included; what was seen of it
  uint64_t response_bytes = 0; ///< likewise
  /// What was asked for, short: "GET /cart", "SELECT", "PRODUCE orders". As it was said, bounded to
  /// `operation_bytes_max`: escape and redact at output.
  std::string operation;
  std::string detail;      ///< the query or the path's arguments, for a trace that asks for them
  std::string method;      ///< rabbitmq, nats: "produce", "consume"; dns: the type, "A"
  std::string subject;     ///< dns: the name asked for; kafka, nats, rabbitmq: topic or queue
  std::string traceparent; ///< W3C's header, or b3's, as it was sent; empty: none
};

/// Why bytes were not understood, in the order of l7::unparsed.
inline constexpr size_t l7_unparsed_reasons = 4;
inline constexpr std::array<std::string_view, l7_unparsed_reasons> l7_unparsed_names{
    "not_captured", "out_of_sync", "unanswered", "too_large"};

inline constexpr size_t operation_bytes_max = 256;
inline constexpr size_t detail_bytes_max = 1024;

} // namespace troupe
