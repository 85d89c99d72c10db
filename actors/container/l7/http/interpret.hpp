// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/trace_context.hpp"
#include "messages/l7.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::http {

/// How one knows where a body ends (RFC 9112 §6).
enum class body : uint8_t {
  none,
  counted,
  chunked,
  unknown, ///< an answer's ends with the connection; of a request nobody can tell
};

struct request_head {
  std::string_view method;
  std::string_view target; ///< as it was sent
  std::string_view host;
  body ends = body::none;
  uint64_t content_length = 0; ///< where counted
  bool expects_continue = false;
  trace_headers trace;
};

/// Reads a head, or as much as there is of one: a header whose end is missing is not read. Nothing
/// where it is no request. What it returns lies in `head`.
std::optional<request_head> interpret_request(std::string_view head);

/// "GET /path", and in detail the host, the path and the query. Without times and sizes.
l7_exchange to_exchange(const request_head& head);

struct answer_head {
  int status = 0;
  body ends = body::none;
  uint64_t content_length = 0;
  bool to_http2 = false; ///< names h2c in its Upgrade header

  /// Another answer to the same request follows.
  [[nodiscard]] bool is_interim() const { return status < 200 && status != 101; }
};

/// Failed is what the server says of itself; that the client asked for nonsense is an answer.
inline l7_outcome outcome_of(int status) {
  return status >= 500 ? l7_outcome::failed : l7_outcome::ok;
}

/// Likewise. The answer to a HEAD has no body, whatever its headers say.
std::optional<answer_head> interpret_answer(std::string_view head, bool to_head);

} // namespace troupe::l7::http
