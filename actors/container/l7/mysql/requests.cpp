// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mysql/requests.hpp"

#include "actors/container/l7/mysql/frame.hpp"
#include "actors/container/l7/sql_operation.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::l7::mysql {

namespace {

enum command : uint8_t {
  com_init_db = 0x02,
  com_query = 0x03,
  com_stmt_prepare = 0x16,
  com_stmt_execute = 0x17,
  com_stmt_close = 0x19,
  com_stmt_reset = 0x1a,
  com_stmt_fetch = 0x1c,
  com_reset_connection = 0x1f,
  com_stmt_bulk_execute = 0xfa,
};

struct command_fact {
  std::string_view name; ///< empty: no client sends it
  answer_kind answered = answer_kind::one_packet;
  uint32_t at_least = 1; ///< bytes of its payload
  uint32_t at_most = UINT32_MAX;
};

using enum answer_kind;

// By number, from 0x00 on.
constexpr std::array<command_fact, 32> facts{{
    {},
    {"QUIT", none, 1, 1},
    {"INIT_DB", one_packet, 1},
    {"QUERY", results, 1},
    {"FIELD_LIST", fields, 2},
    {"CREATE_DB", one_packet, 2},
    {"DROP_DB", one_packet, 2},
    {"REFRESH", one_packet, 2, 2},
    {"SHUTDOWN", one_packet, 1, 2},
    {"STATISTICS", text, 1, 1},
    {"PROCESS_INFO", results, 1, 1},
    {},
    {"PROCESS_KILL", one_packet, 5, 5},
    {"DEBUG", one_packet, 1, 1},
    {"PING", one_packet, 1, 1},
    {},
    {},
    {"CHANGE_USER", authenticates, 4},
    {"BINLOG_DUMP", endless, 11},
    {"TABLE_DUMP", endless, 3},
    {},
    {"REGISTER_SLAVE", one_packet, 18},
    {"PREPARE", prepared, 1},
    {"EXECUTE", results, 10},
    {"SEND_LONG_DATA", none, 7},
    {"CLOSE", none, 5, 5},
    {"RESET", one_packet, 5, 5},
    {"SET_OPTION", one_packet, 3, 3},
    {"FETCH", rows, 9, 9},
    {},
    {"BINLOG_DUMP_GTID", endless, 19},
    {"RESET_CONNECTION", one_packet, 1, 1},
}};

command_fact fact_of(uint8_t number) {
  if (number == com_stmt_bulk_execute) // MariaDB's
    return {"EXECUTE", results, 7};
  return number < facts.size() ? facts[number] : command_fact{};
}

// A value of the binary protocol: how many bytes it has, its own length among them.
std::optional<size_t> size_of_value(uint8_t type, std::string_view bytes) {
  switch (type) {
    case 0x06: // NULL
      return 0;
    case 0x01: // TINY
      return 1;
    case 0x02: // SHORT
    case 0x0d: // YEAR
      return 2;
    case 0x03: // LONG
    case 0x04: // FLOAT
    case 0x09: // INT24
      return 4;
    case 0x05: // DOUBLE
    case 0x08: // LONGLONG
      return 8;
    default: // Strings and times have a length.
      break;
  }
  const auto before = bytes.size();
  const auto length = take_lenenc(bytes);
  if (!length.has_value() || *length > bytes.size())
    return std::nullopt;
  return before - bytes.size() + static_cast<size_t>(*length);
}

std::shared_ptr<const sql_statement> statement_of(std::string_view query, bool is_whole) {
  return std::make_shared<sql_statement>(
      sql_statement{sql_operation(query, sql_dialect::mysql, is_whole),
                    std::string{query.substr(0, detail_bytes_max)}});
}

void show(l7_exchange& exchange, const sql_statement& statement) {
  if (!statement.operation.empty())
    exchange.operation = statement.operation;
  exchange.detail = statement.detail;
}

} // namespace

std::string_view without_attributes(std::string_view query) {
  // No query begins with such a byte: a count of parameters, and that of their sets, which is 1.
  constexpr size_t parameters_max = 8;
  if (query.size() < 2 || query[0] < 0 || query[0] > char{parameters_max} || query[1] != 1)
    return query;
  const auto count = static_cast<size_t>(query[0]);
  query.remove_prefix(2);
  if (count == 0)
    return query;
  const auto nulls = static_cast<uint8_t>(query.empty() ? 0 : query[0]);
  query.remove_prefix(std::min<size_t>(2, query.size())); // And that new types follow.
  std::array<uint8_t, parameters_max> types{};
  for (size_t i = 0; i < count; ++i) {
    types[i] = static_cast<uint8_t>(read_uint(query, 0, 1));
    query.remove_prefix(std::min<size_t>(2, query.size()));
    const auto name = take_lenenc(query);
    if (!name.has_value() || *name > query.size())
      return {};
    query.remove_prefix(static_cast<size_t>(*name));
  }
  for (size_t i = 0; i < count; ++i) {
    const auto size = (nulls >> i & 1) != 0 ? 0 : size_of_value(types[i], query);
    if (!size.has_value() || *size > query.size())
      return {};
    query.remove_prefix(*size);
  }
  return query;
}

bool is_command(std::string_view payload, uint32_t length) {
  if (payload.empty())
    return false;
  const auto fact = fact_of(static_cast<uint8_t>(payload[0]));
  return !fact.name.empty() && length >= fact.at_least && length <= fact.at_most;
}

void request_maker::on_prepared(uint32_t id, const std::shared_ptr<const sql_statement>& prepared) {
  statements_.remember(std::string_view{reinterpret_cast<const char*>(&id), sizeof(id)}, prepared);
}

request_maker::statement request_maker::find(std::string_view id) const {
  const auto number = static_cast<uint32_t>(read_uint(id, 0, sizeof(uint32_t)));
  if (number == UINT32_MAX) // MariaDB: the one before, whose number the client does not know yet.
    return last_prepared_;
  return statements_.find(std::string_view{reinterpret_cast<const char*>(&number), sizeof(number)});
}

std::optional<request> request_maker::take(std::string_view payload, uint32_t length,
                                           uint64_t time_ns) {
  const auto number = static_cast<uint8_t>(payload[0]);
  const auto fact = fact_of(number);
  const auto body = payload.substr(1);
  if (number == com_stmt_close) {
    const auto id = static_cast<uint32_t>(read_uint(body, 0, sizeof(uint32_t)));
    statements_.forget(std::string_view{reinterpret_cast<const char*>(&id), sizeof(id)});
  }
  if (number == com_reset_connection)
    statements_.forget_all();
  if (fact.answered == answer_kind::none)
    return std::nullopt;
  request made;
  made.answered = fact.answered;
  auto& x = made.exchange;
  x.protocol = l7_protocol::mysql;
  x.started_ns = time_ns;
  x.request_bytes = uint64_t{length} + header_bytes;
  x.operation = fact.name;
  const bool whole = payload.size() >= length;
  if (number == com_query) {
    show(x, *statement_of(without_attributes(body), whole));
  } else if (number == com_stmt_prepare) {
    made.prepares = last_prepared_ = statement_of(body, whole);
    x.operation.append(1, ' ').append(made.prepares->operation);
    x.detail = made.prepares->detail;
  } else if (number == com_stmt_execute || number == com_stmt_bulk_execute) {
    if (const auto known = find(body); known != nullptr)
      show(x, *known);
  } else if (number == com_init_db) {
    x.detail = body.substr(0, detail_bytes_max);
  }
  return made;
}

} // namespace troupe::l7::mysql
