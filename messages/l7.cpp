// SPDX-License-Identifier: Apache-2.0
#include "messages/l7.hpp"

#include <array>

namespace troupe {

std::string_view to_string(l7_protocol protocol) {
  constexpr std::array<std::string_view, 18> names{
      "opaque",   "http",  "http2",     "grpc",       "dns",   "postgres",
      "mysql",    "redis", "memcached", "mongo",      "kafka", "cassandra",
      "rabbitmq", "nats",  "zookeeper", "clickhouse", "dubbo", "foundationdb"};
  const auto i = static_cast<size_t>(protocol);
  return i < names.size() ? names[i] : "opaque";
}

std::string_view to_string(l7_outcome outcome) {
  switch (outcome) {
    case l7_outcome::ok:
      return "ok";
    case l7_outcome::failed:
      return "failed";
    case l7_outcome::unknown:
      break;
  }
  return "unknown";
}

} // namespace troupe
