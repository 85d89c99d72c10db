// SPDX-License-Identifier: Apache-2.0
#pragma once

// The metric families of requests. All protocols have the same four: so they are put together from
// one row a protocol.

#include "actors/exporter/families.hpp"
#include "messages/l7.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// What tells requests at one place apart, besides their status.
enum class l7_labels : uint8_t {
  status, ///< nothing
  method, ///< method
  domain, ///< request_type, domain
};

struct l7_row {
  std::string_view name;  ///< container_<name>_<what>_total
  std::string_view what;  ///< "requests", "queries", "messages"
  std::string_view title; ///< for people
  l7_labels labels;
  std::array<l7_protocol, 3> spoken; ///< the protocols that are counted here; opaque: none
};

namespace l7_table {

using enum l7_protocol;

/// In the order of the exposition.
inline constexpr l7_row all[] = {
    {"http", "requests", "HTTP or gRPC", l7_labels::status, {http, http2, grpc}},
    {"postgres", "queries", "PostgreSQL", l7_labels::status, {postgres}},
    {"mysql", "queries", "MySQL", l7_labels::status, {mysql}},
    {"redis", "queries", "Redis", l7_labels::status, {redis}},
    {"memcached", "queries", "Memcached", l7_labels::status, {memcached}},
    {"mongo", "queries", "MongoDB", l7_labels::status, {mongo}},
    {"cassandra", "queries", "Cassandra", l7_labels::status, {cassandra}},
    {"clickhouse", "queries", "ClickHouse", l7_labels::status, {clickhouse}},
    {"kafka", "requests", "Kafka", l7_labels::status, {kafka}},
    {"zookeeper", "requests", "ZooKeeper", l7_labels::status, {zookeeper}},
    {"foundationdb", "requests", "FoundationDB", l7_labels::status, {foundationdb}},
    {"dubbo", "requests", "Dubbo", l7_labels::status, {dubbo}},
    {"rabbitmq", "messages", "RabbitMQ", l7_labels::method, {rabbitmq}},
    {"nats", "messages", "NATS", l7_labels::method, {nats}},
    {"dns", "requests", "DNS", l7_labels::domain, {dns}},
};

} // namespace l7_table

inline constexpr size_t l7_row_count = std::size(l7_table::all);

/// Where this protocol is counted, as an index of l7_table::all; nothing for one that is not.
std::optional<size_t> l7_row_of(l7_protocol protocol);

struct l7_family {
  std::string name;
  metric_type type = metric_type::counter;
  std::string labels; ///< its own, for the documentation
  std::string help;
};

/// Index of a row's four families.
constexpr size_t l7_family_index(bool inbound, metric_type type) {
  return (inbound ? 2 : 0) + (type == metric_type::histogram ? 1 : 0);
}

/// Every row's four families.
const std::array<std::array<l7_family, 4>, l7_row_count>& l7_families();

} // namespace troupe
