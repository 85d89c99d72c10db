// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/memcached/requests.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace troupe::l7::memcached {

/// What a line of a server is.
struct text_answer {
  enum class kind : uint8_t {
    error, ///< ERROR, CLIENT_ERROR, SERVER_ERROR
    value, ///< VALUE: more lines follow
    end,   ///< END
    meta,  ///< HD, VA, EN, NF, NS, EX, ME
    noop,  ///< MN
    other,
  };
  kind is = kind::other;
  uint64_t data_bytes = 0; ///< behind the line, with their end
};

text_answer answer_of(const text_line& line);

/// A line that is cut: may it be an error?
bool begins_error(std::string_view text);

/// Which of those that wait the line answers; nothing where none. All before that one are quiet,
/// and had nothing to say.
std::optional<size_t> find_asked(const std::deque<request>& waiting, const text_answer& answer,
                                 const text_line& line);

/// The same for an answer of the binary protocol.
std::optional<size_t> find_asked(const std::deque<request>& waiting, const binary_header& head);

/// Does the answer to this end with this line?
bool ends_answer(const request& asked, const text_answer& answer, const text_line& line);

/// Of an answer of the binary protocol. A miss is none.
bool is_failure(uint16_t status);

/// Statistics come one by one, up to an empty one.
bool ends_answer(const binary_header& head);

} // namespace troupe::l7::memcached
