// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/protocols.hpp"

#include "actors/container/l7/cassandra/cassandra.hpp"
#include "actors/container/l7/clickhouse/clickhouse.hpp"
#include "actors/container/l7/dns/dns.hpp"
#include "actors/container/l7/dubbo/dubbo.hpp"
#include "actors/container/l7/foundationdb/foundationdb.hpp"
#include "actors/container/l7/http/http.hpp"
#include "actors/container/l7/http2/http2.hpp"
#include "actors/container/l7/kafka/kafka.hpp"
#include "actors/container/l7/memcached/memcached.hpp"
#include "actors/container/l7/mongo/mongo.hpp"
#include "actors/container/l7/mysql/mysql.hpp"
#include "actors/container/l7/nats/nats.hpp"
#include "actors/container/l7/postgres/postgres.hpp"
#include "actors/container/l7/rabbitmq/rabbitmq.hpp"
#include "actors/container/l7/redis/redis.hpp"
#include "actors/container/l7/zookeeper/zookeeper.hpp"

namespace troupe::l7 {

const std::vector<const protocol*>& protocols() {
  static const std::vector<const protocol*> all{
      &http2_protocol,      &zookeeper_protocol, &kafka_protocol, &cassandra_protocol,
      &mongo_protocol,      &rabbitmq_protocol,  &dubbo_protocol, &foundationdb_protocol,
      &clickhouse_protocol, &http_protocol,      &nats_protocol,  &redis_protocol,
      &postgres_protocol,   &mysql_protocol,     &dns_protocol,   &memcached_protocol};
  return all;
}

const std::vector<const protocol*>& datagram_protocols() {
  static const std::vector<const protocol*> all{&dns_datagram_protocol};
  return all;
}

} // namespace troupe::l7
