// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/bundle_search.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe {

/// No runtime's socket, but what runtimes leave on disk and in /proc: where no API answers, a
/// container's OCI bundle and its monitor's command line still say who it is. Knows containers that
/// have a monitor: running, paused (said to be running, unless docker wrote it down) and just
/// created ones. podman's labels and image are not there; a pod is known by its host name, which is
/// its name unless somebody set another.
class bundle_client final : public runtime_client {
public:
  /// `socket` is the host's root, "" for "/".
  explicit bundle_client(runtime_endpoint endpoint) : host_root_(std::move(endpoint.socket)) {}

  /// Empty: nobody is asked.
  call_result<std::string> version(const call_limits& limits) override;
  call_result<std::vector<container_answer>> list(const call_limits& limits) override;
  call_result<container_answer> inspect(const container_query& query,
                                        const call_limits& limits) override;
  /// Disks tell no events: waits until it is stopped.
  call_error watch(const event_observer& observer, const call_limits& limits) override;

private:
  using bundles = std::vector<found_bundle>;
  using time_point = std::chrono::steady_clock::time_point;

  std::shared_ptr<const bundles> search(std::chrono::milliseconds oldest);
  [[nodiscard]] call_result<container_answer> describe(const found_bundle& bundle,
                                                       const bundles& all) const;

  const std::string host_root_;
  std::mutex mutex_; ///< any thread may call
  std::shared_ptr<const bundles> found_;
  time_point searched_at_;
};

} // namespace troupe
