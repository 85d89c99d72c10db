// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <string_view>

namespace troupe::l7::http {

/// A request line of HTTP/1.0 or 1.1 (RFC 9112 §3), up to its version. "PRI * HTTP/2.0", RTSP and
/// SIP have another version and are none.
match begins_request(std::string_view bytes);

/// A status line, up to its code.
match begins_answer(std::string_view bytes);

match classify(const opening& begun);

} // namespace troupe::l7::http
