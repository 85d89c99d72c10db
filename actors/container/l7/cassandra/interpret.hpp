// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/cassandra/frame.hpp"
#include "actors/container/l7/prepared_statements.hpp"
#include "messages/l7.hpp"

#include <string_view>

namespace troupe::l7::cassandra {

/// What a request asks for: of a query the verb and the table, otherwise the name of its opcode.
/// What was prepared is looked up.
void tell_request(const header& x, std::string_view message, const prepared_statements& known,
                  l7_exchange& told);

/// The statement that PREPARE asks for.
sql_statement statement_of(const header& x, std::string_view message);

/// Outcome and error code.
void tell_answer(const header& x, std::string_view message, l7_exchange& told);

/// The name that the server gave to a statement; empty where it is not one, or out of reach.
std::string_view prepared_id(const header& x, std::string_view message);

/// The options of STARTUP name a compression.
bool wants_compression(std::string_view message);

} // namespace troupe::l7::cassandra
