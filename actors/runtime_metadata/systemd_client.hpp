// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

namespace troupe {

/// systemd's services over D-Bus: its private socket, or the system bus. Each call has a connection
/// of its own, which on a unix socket costs a fraction of what systemd needs for the answer.
/// A container's id is the unit's control group: "/system.slice/nginx.service".
class systemd_client final : public runtime_client {
public:
  explicit systemd_client(runtime_endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  call_result<std::string> version(const call_limits& limits) override;
  /// The services that are active, in full.
  call_result<std::vector<container_answer>> list(const call_limits& limits) override;
  call_result<container_answer> inspect(const container_query& query,
                                        const call_limits& limits) override;
  call_error watch(const event_observer& observer, const call_limits& limits) override;

private:
  const runtime_endpoint endpoint_; ///< no other state: any thread may call
};

} // namespace troupe
