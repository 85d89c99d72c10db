// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

#include <map>
#include <vector>

namespace troupe {

/// Gathers the lists of all endpoints into one answer. A list may miss the deadline: the answer
/// then says so for its endpoint, and has the rest.
class listing_round {
public:
  /// `known` are the endpoints with what is known of them, in the order of their indices.
  explicit listing_round(std::vector<runtime_status> known);

  void add(size_t endpoint, call_result<std::vector<container_answer>> result);

  [[nodiscard]] bool complete() const { return pending_ == 0; }

  /// The answer so far. Each container once, as the endpoint tells it that knows most of it: docker
  /// before containerd below it, containerd before CRI, and every runtime before what is on disk.
  runtime_listing take();

private:
  std::vector<runtime_status> statuses_;
  std::vector<bool> answered_;
  std::multimap<int, container_metadata> containers_; ///< by how much else knows more of them
  size_t pending_;
};

} // namespace troupe
