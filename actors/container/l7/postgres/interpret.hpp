// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/prepared_statements.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace troupe::l7::postgres {

/// Takes the string that ends with a zero off the front. False where its end is not there; it is
/// what is there then.
bool take_string(std::string_view& body, std::string_view& out);

/// A query as it is shown; `is_whole` is false for its beginning.
std::shared_ptr<const sql_statement> statement_of(std::string_view query, bool is_whole);

/// What an ErrorResponse says: "42P01", or nothing where it was not captured.
std::string_view sqlstate_of(std::string_view body);

/// The SQLSTATE as a number: 23505. Where it has letters, the one of its class, 42000 for 42P01; 0
/// for a class with letters.
int number_of(std::string_view sqlstate);

/// Neither an answer nor part of one.
bool is_asynchronous(char server_type);

} // namespace troupe::l7::postgres
