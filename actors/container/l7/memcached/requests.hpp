// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/memcached/frame.hpp"
#include "messages/l7.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::l7::memcached {

/// How a command is answered.
enum class answer_kind : uint8_t {
  none,   ///< not at all
  line,   ///< by one
  values, ///< VALUE ... up to END
  lines,  ///< up to END, or one that says OK
  meta,   ///< by a line, perhaps with a value; where it is quiet, perhaps not
  noop,   ///< MN: whatever is quiet before it is over
  stream, ///< OK, and then what the server pleases
  binary, ///< by opcode and opaque
};

/// What a client waits for.
struct request {
  l7_exchange exchange;
  answer_kind answered = answer_kind::line;
  bool has_begun = false; ///< its answer
  bool quiet = false;     ///< it has an answer only where there is something to say
  uint8_t opcode = 0;
  uint32_t opaque = 0;
  std::string token; ///< of a meta command: its opaque
};

/// Is it a command of the text protocol?
bool is_command(std::string_view verb);

/// "set k 0 0 5", which nothing else says.
bool is_storage(const text_line& line);

/// A command of the text protocol. `data_bytes` follow its line, with their end.
request request_of(const text_line& line, uint64_t& data_bytes);

/// The same, of whose line only the beginning was captured.
request request_of_beginning(std::string_view text);

/// A command of the binary protocol; `bytes` is what is there of it.
request request_of(const binary_header& head, std::string_view bytes);

/// What a client says at its end: nobody counts on an answer.
bool is_farewell(const request& x);
bool is_farewell(const binary_header& answer);

} // namespace troupe::l7::memcached
