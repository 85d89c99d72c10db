// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/grpc_connection.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <string>

namespace troupe::cri {
class container_status_response;
class version_response;
} // namespace troupe::cri

namespace troupe {
struct cri_pod;

/// Kubernetes' Container Runtime Interface, v1, as CRI-O speaks it. Pods' sandboxes are listed like
/// containers.
class cri_client final : public runtime_client {
public:
  explicit cri_client(runtime_endpoint endpoint) : channel_(std::move(endpoint)) {}

  call_result<std::string> version(const call_limits& limits) override;
  /// Containers are incomplete; sandboxes too where all of their pod runs in them.
  call_result<std::vector<container_answer>> list(const call_limits& limits) override;
  call_result<container_answer> inspect(const container_query& query,
                                        const call_limits& limits) override;
  call_error watch(const event_observer& observer, const call_limits& limits) override;

private:
  call_error ask_version(cri::version_response& reply, const call_limits& limits);
  call_result<container_answer> inspect_sandbox(const std::string& id, const call_limits& limits);
  cri_pod pod_of(const std::string& container_id, std::string sandbox_id,
                 const call_limits& limits);
  call_error follow(const event_observer& observer, const call_limits& limits);
  call_error poll(const event_observer& observer, const call_limits& limits);
  void report(runtime_event event, const event_observer& observer, const call_limits& limits);

  grpc_connection channel_;
};

} // namespace troupe
