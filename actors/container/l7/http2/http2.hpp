// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <memory>

namespace troupe::l7 {

/// HTTP/2 with prior knowledge or within TLS, and gRPC, which its exchanges tell.
extern const protocol http2_protocol;

/// After "101 Switching Protocols" to h2c: the request of HTTP/1.1 is that of stream 1, whose
/// answer is still to come (RFC 7540, section 3.2). Begins with the next byte of each side.
std::unique_ptr<conversation> converse_http2_upgraded(l7_exchange request);

} // namespace troupe::l7
