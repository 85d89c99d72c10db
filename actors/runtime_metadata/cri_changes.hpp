// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe {

/// What happened between two lists of the same runtime.
class cri_changes {
public:
  /// The events since the list before, in an order in which they can have happened; of a container
  /// first seen as exited, all three. None for the first list. Their time is that of creation, or
  /// unknown.
  std::vector<runtime_event> since(const std::vector<container_answer>& answers);

private:
  std::map<std::string, container_state> known_;
  bool first_ = true;
};

} // namespace troupe
