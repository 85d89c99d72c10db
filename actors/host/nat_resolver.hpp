// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where connections really go: through the container's own network namespace (a service mesh's
// redirect, docker's name server), then through that of its runtime and of whoever started that, up
// to the machine's own (published ports, services).

#include "actors/host/nat_sources.hpp"
#include "messages/nat.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

class nat_resolver {
public:
  /// Containers of which the way out is remembered.
  static constexpr size_t containers_max = 16384;

  explicit nat_resolver(std::unique_ptr<nat_sources> sources) : sources_(std::move(sources)) {}

  nat_answers answer(const nat_questions& questions);

private:
  /// Namespaces; of a process of which nothing is known, the machine's alone.
  struct path {
    std::vector<nat_hop> hops;
    bool known = false;
  };

  path path_of(const nat_questions& questions, const nat_question& question);
  std::vector<const path*> paths_of(const nat_questions& questions);
  bool follow(size_t level, const std::vector<const path*>& paths, std::vector<nat_flow>& flows);

  std::unique_ptr<nat_sources> sources_;
  std::unordered_map<container_key, std::vector<nat_hop>> last_; ///< the newest path of each
  std::map<std::pair<uint32_t, uint64_t>, path> batch_;          ///< of the processes of one batch
};

} // namespace troupe
