// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_client.hpp"

#include "actors/runtime_metadata/docker_http.hpp"
#include "actors/runtime_metadata/docker_json.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/unix_http.hpp"

#include <string_view>

namespace troupe {
namespace {

constexpr size_t version_bytes = 256U << 10;

// {"type":["container"],"event":["create","start","die",…]}, encoded for a URL.
constexpr std::string_view events_target =
    "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B"
    "%22create%22%2C%22start%22%2C%22die%22%2C%22pause%22%2C%22unpause%22%2C%22oom%22%2C"
    "%22rename%22%2C%22update%22%2C%22destroy%22%2C%22exec_start%22%2C%22exec_die%22%2C"
    "%22health_status%22%5D%7D&since=";

constexpr std::string_view expected = "docker, version 1.24 of its API or newer";

} // namespace

call_result<std::string> docker_client::get(const std::string& target, size_t body_max,
                                            const call_limits& limits) const {
  return get_body(endpoint_, target, body_max, expected, limits);
}

call_result<std::string> docker_client::version(const call_limits& limits) {
  auto body = get("/version", version_bytes, limits);
  return body ? parse_docker_version(*body) : body.error();
}

call_result<std::vector<container_answer>> docker_client::list(const call_limits& limits) {
  auto body = get("/containers/json?all=1", runtime_bounds::list_bytes, limits);
  if (!body)
    return body.error();
  return parse_docker_list(*body);
}

call_result<container_answer> docker_client::inspect(const container_query& query,
                                                     const call_limits& limits) {
  const call_error unknown{ec::unknown_container,
                           endpoint_.socket + " knows no container " + query.id};
  if (!plausible_id(query.id))
    return unknown;
  auto body = get("/containers/" + query.id + "/json", runtime_bounds::inspect_bytes, limits);
  if (!body)
    return body.error();
  auto answer = parse_docker_container(*body);
  // docker also answers to names and to the beginning of an id. A cgroup called like another
  // container must not get that one's name.
  if (answer && answer->metadata.id != query.id)
    return unknown;
  return answer;
}

call_error docker_client::watch(const event_observer& observer, const call_limits& limits) {
  // docker sends the head of its answer before it subscribes us. Asking for the events since now
  // closes that gap: it keeps the newest 256.
  // To the nanosecond: events from before would tell of states that are over.
  const auto now = std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()};
  const auto nanoseconds = std::to_string(now.count());
  const auto seconds_end = nanoseconds.size() - 9;
  const auto since = nanoseconds.substr(0, seconds_end) + '.' + nanoseconds.substr(seconds_end);
  call_error reason;
  const http_stream_observer lines{
      .opened =
          [&](long status) {
            if (status != 200) {
              reason = refused_by(endpoint_, status, {}, expected);
              return false;
            }
            observer.opened();
            return true;
          },
      .line =
          [&](std::string_view line) {
            auto event = parse_docker_event(line);
            if (!event)
              reason = event.error();
            else if (*event)
              observer.event(std::move(**event));
            return static_cast<bool>(event);
          },
  };
  auto error = http_stream(endpoint_, std::string{events_target} + since,
                           runtime_bounds::event_bytes, lines, limits);
  return error.code == ec::none ? reason : error;
}

} // namespace troupe
