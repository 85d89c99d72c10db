// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// One actor as /debug/actors?format=json tells of it.
struct actor_sample {
  std::string actor;
  std::string label; ///< a container's id, a helper's socket; or empty
  uint64_t container_key = 0;
  std::string state;
  uint64_t messages = 0;
  uint64_t batches = 0;
  uint64_t mailbox = 0;
  uint64_t credit_used = 0;
  uint64_t credit_granted = 0;
  uint64_t restarts = 0;
  std::optional<std::string> last_message;
  uint64_t last_message_age_ns = 0;
  uint64_t waiting_ns = 0;
};

struct actors_answer {
  uint64_t read_at_ns = 0;          ///< the agent's clock
  std::vector<actor_sample> actors; ///< containers last
};

inline constexpr size_t answer_bytes_max = 16U << 20;

/// Whatever listens at the agent's port may have sent it: nothing when it is not what an agent
/// sends, and texts are cut to a bound.
[[nodiscard]] std::optional<actors_answer> parse_actors_answer(const std::string& json);

} // namespace troupe
