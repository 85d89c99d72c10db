// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/podman_json.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace troupe {

/// podman's own API (libpod 4 or newer) over the unix socket of its service, root's or a user's.
class podman_client final : public runtime_client {
public:
  explicit podman_client(runtime_endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  call_result<std::string> version(const call_limits& limits) override;
  /// All answers are incomplete: the list has no restarts and details.
  call_result<std::vector<container_answer>> list(const call_limits& limits) override;
  /// The first container of a pod costs a second call: its answer has the pod's id, not its name.
  call_result<container_answer> inspect(const container_query& query,
                                        const call_limits& limits) override;
  call_error watch(const event_observer& observer, const call_limits& limits) override;

private:
  call_result<std::string> get(const std::string& path, size_t body_max,
                               const call_limits& limits) const;
  void remember(const podman_pod& pod);
  [[nodiscard]] std::optional<podman_pod> known_pod(const std::string& id) const;
  call_result<podman_pod> find_pod(const std::string& id, const call_limits& limits);
  void name_pod(podman_event& event) const;

  const runtime_endpoint endpoint_;
  mutable std::mutex mutex_;               ///< any thread may call
  std::map<std::string, podman_pod> pods_; ///< by id; a pod keeps its name for life
};

} // namespace troupe
