// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/cassandra/interpret.hpp"

#include "actors/container/l7/byte_cursor.hpp"
#include "actors/container/l7/sql_operation.hpp"

#include <algorithm>

namespace troupe::l7::cassandra {
namespace {

constexpr size_t operation_verb_max = 16;
constexpr uint32_t result_prepared = 4;

std::string_view name_of(opcode code) {
  switch (code) {
    case opcode::startup:
      return "STARTUP";
    case opcode::options:
      return "OPTIONS";
    case opcode::query:
      return "QUERY";
    case opcode::prepare:
      return "PREPARE";
    case opcode::execute:
      return "EXECUTE";
    case opcode::register_events:
      return "REGISTER";
    case opcode::batch:
      return "BATCH";
    case opcode::auth_response:
      return "AUTH_RESPONSE";
    default:
      return "";
  }
}

void skip_strings(byte_cursor& body) {
  for (auto count = body.u16(); count > 0 && body.good(); --count)
    body.skip(body.u16());
}

void skip_bytes_map(byte_cursor& body) {
  for (auto count = body.u16(); count > 0 && body.good(); --count) {
    body.skip(body.u16());
    const auto size = body.u32();
    if (size <= INT32_MAX) // Otherwise it is null.
      body.skip(size);
  }
}

/// Behind the header, and what the flags put before the body itself.
byte_cursor body_of(const header& x, std::string_view message, side from) {
  byte_cursor body{message.substr(std::min(message.size(), header_bytes))};
  if (x.has(flag_compressed))
    body.fail();
  if (from == side::server && x.has(flag_tracing))
    body.skip(16);
  if (from == side::server && x.has(flag_warning))
    skip_strings(body);
  if (x.has(flag_custom_payload))
    skip_bytes_map(body);
  return body;
}

sql_statement read_query(byte_cursor& body) {
  const auto size = body.u32();
  const auto text = body.take_some(size);
  auto operation = sql_operation(text, sql_dialect::standard, text.size() == size);
  return {operation.substr(0, operation_bytes_max), std::string{text.substr(0, detail_bytes_max)}};
}

} // namespace

sql_statement statement_of(const header& x, std::string_view message) {
  auto body = body_of(x, message, side::client);
  return read_query(body);
}

void tell_request(const header& x, std::string_view message, const prepared_statements& known,
                  l7_exchange& told) {
  told.protocol = l7_protocol::cassandra;
  told.operation = name_of(x.code);
  auto body = body_of(x, message, side::client);
  sql_statement statement;
  if (x.code == opcode::query || x.code == opcode::prepare) {
    statement = read_query(body);
  } else if (x.code == opcode::execute) {
    if (const auto found = known.find(body.take(body.u16())))
      statement = *found;
  }
  told.detail = std::move(statement.detail);
  if (statement.operation.empty())
    return;
  if (x.code == opcode::prepare)
    told.operation.append(" ").append(statement.operation, 0,
                                      operation_bytes_max - operation_verb_max);
  else
    told.operation = std::move(statement.operation);
}

void tell_answer(const header& x, std::string_view message, l7_exchange& told) {
  if (x.code != opcode::error) {
    told.outcome = l7_outcome::ok;
    return;
  }
  told.outcome = l7_outcome::failed;
  told.status = static_cast<int>(body_of(x, message, side::server).u32());
}

std::string_view prepared_id(const header& x, std::string_view message) {
  auto body = body_of(x, message, side::server);
  if (x.code != opcode::result || body.u32() != result_prepared)
    return {};
  return body.take(body.u16());
}

bool wants_compression(std::string_view message) {
  return message.find("COMPRESSION") != std::string_view::npos;
}

} // namespace troupe::l7::cassandra
