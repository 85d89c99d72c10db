// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <string_view>

namespace troupe::l7::dns {

/// Whether bytes begin with a query or an answer as they are common: one question of a known type
/// and class, no flag that must not be set.
match begins_message(std::string_view bytes);

/// The same behind the two bytes of length that a message has on TCP (RFC 1035 §4.2.2).
match begins_framed_message(std::string_view bytes);

/// Of a message, whether it says that it is an answer.
bool is_answer(std::string_view message);

/// Datagrams; the beginning of each side is its first one. Multicast DNS and LLMNR look the same,
/// are no requests to a server, and are told by their ports.
match classify_datagrams(const opening& begun);

match classify_stream(const opening& begun);

} // namespace troupe::l7::dns
