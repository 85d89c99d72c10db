// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/postgres/interpret.hpp"

#include "actors/container/l7/sql_operation.hpp"
#include "messages/l7.hpp"

#include <algorithm>

namespace troupe::l7::postgres {

namespace {

constexpr size_t sqlstate_bytes = 5;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

} // namespace

bool take_string(std::string_view& body, std::string_view& out) {
  const auto end = body.find('\0');
  out = body.substr(0, end);
  body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
  return end != std::string_view::npos;
}

std::shared_ptr<const sql_statement> statement_of(std::string_view query, bool is_whole) {
  return std::make_shared<sql_statement>(
      sql_statement{sql_operation(query, sql_dialect::standard, is_whole),
                    std::string{query.substr(0, detail_bytes_max)}});
}

std::string_view sqlstate_of(std::string_view body) {
  while (!body.empty() && body[0] != '\0') {
    const char field = body[0];
    body.remove_prefix(1);
    std::string_view text;
    if (!take_string(body, text))
      break;
    if (field == 'C')
      return text.size() == sqlstate_bytes ? text : std::string_view{};
  }
  return {};
}

int number_of(std::string_view sqlstate) {
  if (sqlstate.size() != sqlstate_bytes || !is_digit(sqlstate[0]) || !is_digit(sqlstate[1]))
    return 0;
  const bool plain = std::all_of(sqlstate.begin(), sqlstate.end(), is_digit);
  int result = 0;
  for (size_t i = 0; i < sqlstate_bytes; ++i)
    result = result * 10 + (plain || i < 2 ? sqlstate[i] - '0' : 0);
  return result;
}

bool is_asynchronous(char server_type) {
  return std::string_view{"AKNRSv"}.find(server_type) != std::string_view::npos;
}

} // namespace troupe::l7::postgres
