// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/grpc_connection.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe::containerd {
class container_record;
} // namespace troupe::containerd

namespace troupe {

/// containerd's gRPC API, all namespaces. Where Kubernetes' containers have ended it asks the CRI
/// plugin behind the same socket, too: that forgets no exit. A container whose shim hangs is still
/// named: only its state is unknown then, and the answer incomplete.
class containerd_client final : public runtime_client {
public:
  explicit containerd_client(runtime_endpoint endpoint) : channel_(std::move(endpoint)) {}

  call_result<std::string> version(const call_limits& limits) override;
  call_result<std::vector<container_answer>> list(const call_limits& limits) override;
  /// Without a namespace in the query: asks each; when several know the id, a running one wins.
  call_result<container_answer> inspect(const container_query& query,
                                        const call_limits& limits) override;
  call_error watch(const event_observer& observer, const call_limits& limits) override;

private:
  using digests = std::map<std::string, std::string>; ///< image name to digest

  call_result<std::vector<std::string>> namespaces(const call_limits& limits);
  call_error list_namespace(const std::string& name_space, const call_limits& limits,
                            std::vector<container_answer>& result);
  void join_pods(std::vector<container_answer>& answers, size_t first);
  void add_end(container_metadata& metadata, const call_limits& limits);
  void add_sandbox(container_metadata& metadata, const call_limits& limits);
  bool add_states(const std::string& name_space, const call_limits& limits,
                  std::vector<container_answer>& answers, size_t first);
  call_result<container_answer> inspect_in(const std::string& name_space, const std::string& id,
                                           const call_limits& limits);
  const std::string& digest_of(const std::string& image, const std::string& name_space,
                               const call_limits& limits, digests& known);

  grpc_connection channel_;
  std::atomic<int64_t> no_cri_until_ = 0; ///< on the steady clock; the CRI plugin may be off
};

} // namespace troupe
