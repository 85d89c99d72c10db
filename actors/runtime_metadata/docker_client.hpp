// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

namespace troupe {

/// The Docker Engine API over its unix socket, in the daemon's own version (paths without one).
class docker_client final : public runtime_client {
public:
  explicit docker_client(runtime_endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  call_result<std::string> version(const call_limits& limits) override;
  /// All answers are incomplete: the list has no pid, exit code and times.
  call_result<std::vector<container_answer>> list(const call_limits& limits) override;
  call_result<container_answer> inspect(const container_query& query,
                                        const call_limits& limits) override;
  call_error watch(const event_observer& observer, const call_limits& limits) override;

private:
  call_result<std::string> get(const std::string& target, size_t body_max,
                               const call_limits& limits) const;

  const runtime_endpoint endpoint_; ///< no other state: any thread may call
};

} // namespace troupe
