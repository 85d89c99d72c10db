// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_http.hpp"

#include "actors/runtime_metadata/docker_json.hpp"
#include "actors/runtime_metadata/unix_http.hpp"

#include <utility>

namespace troupe {

call_error refused_by(const runtime_endpoint& endpoint, long status, std::string_view body,
                      std::string_view expected) {
  const auto message = parse_docker_error(body);
  if (status == 404 && !message.empty())
    return {ec::unknown_container, endpoint.socket + ": " + message};
  const auto code = status == 401 || status == 403 ? ec::runtime_forbidden : ec::runtime_garbage;
  return {code, endpoint.socket + " answered HTTP " + std::to_string(status)
                    + (message.empty() ? "" : ": " + message) + "; is it the socket of "
                    + std::string{expected} + '?'};
}

call_result<std::string> get_body(const runtime_endpoint& endpoint, const std::string& target,
                                  size_t body_max, std::string_view expected,
                                  const call_limits& limits) {
  auto reply = http_get(endpoint, target, body_max, limits);
  if (!reply)
    return reply.error();
  if (reply->status != 200)
    return refused_by(endpoint, reply->status, reply->body, expected);
  return std::move(reply->body);
}

} // namespace troupe
