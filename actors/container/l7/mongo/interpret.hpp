// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/mongo/frame.hpp"
#include "messages/l7.hpp"

#include <string_view>

namespace troupe::l7::mongo {

/// What a request asks for, of which perhaps only the beginning is here: command and collection,
/// and as detail the database with it. False where nobody will answer it.
bool tell_request(const header& x, std::string_view message, l7_exchange& told);

/// Outcome and error code of an answer.
void tell_answer(const header& x, std::string_view message, l7_exchange& told);

/// An answer that others follow which nobody asked for: a stream of server states, or all batches
/// of a cursor.
bool has_more(const header& x, std::string_view message);

/// The beginning of a message that makes sense as one of its code. Nothing where that takes more
/// bytes.
std::optional<bool> is_likely(const header& x, std::string_view message);

} // namespace troupe::l7::mongo
