// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/nats/frame.hpp"
#include "messages/l7.hpp"

#include <string>
#include <string_view>

namespace troupe::l7::nats {

/// "PUB orders.new": a message that is sent or delivered, without times and sizes. `headers` is
/// what is there of its headers. Inboxes and acknowledgements, of which each has its own subject,
/// are one operation.
l7_exchange to_exchange(const command& x, std::string_view headers);

/// An error that the server tells, whose request is not known.
l7_exchange error_exchange(std::string_view text);

/// An error after which the server goes on with the line that it complains of: it answers it again.
bool is_answered_again(const command& answer);

/// Whether a client that says this wants each of its lines to be answered: so it is unless it says
/// otherwise.
bool wants_answers(std::string_view connect);

} // namespace troupe::l7::nats
