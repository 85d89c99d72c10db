// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace troupe {

struct http_reply {
  long status = 0;
  std::string body;
};

/// GET over the endpoint's unix socket. `target` is the path with its query, already encoded.
/// A body beyond `body_max` bytes is ec::runtime_garbage. A status other than 200 is no error here.
call_result<http_reply> http_get(const runtime_endpoint& endpoint, const std::string& target,
                                 size_t body_max, const call_limits& limits);

struct http_stream_observer {
  /// The head of the answer is in. False ends the stream: the status is not what was hoped for.
  std::function<bool(long status)> opened;
  /// One line of the body without its end. False ends the stream.
  std::function<bool(std::string_view)> line;
};

/// GET whose answer is read line by line until it ends, a line is longer than `line_max`, a
/// callback says no or a stop is requested; says why it ended (ec::none: a callback said no).
/// limits.timeout bounds the time until the head of the answer is in.
call_error http_stream(const runtime_endpoint& endpoint, const std::string& target, size_t line_max,
                       const http_stream_observer& observer, const call_limits& limits);

} // namespace troupe
