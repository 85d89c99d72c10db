// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::l7::mysql {

enum capability : uint32_t {
  compress = 1U << 5,
  ssl = 1U << 11,
  optional_metadata = 1U << 25,
  zstd = 1U << 26,
};

/// The payload of a server's first packet, of protocol 10: true for its beginning too.
bool is_greeting(std::string_view payload);

/// What the server of a greeting can do; nothing of what was not captured.
uint32_t capabilities_of_greeting(std::string_view payload);

/// What the client of an answer to it wants.
uint32_t capabilities_of_response(std::string_view payload);

/// The answer is only its beginning: TLS follows.
bool asks_for_tls(uint32_t capabilities, uint32_t payload_length);

} // namespace troupe::l7::mysql
