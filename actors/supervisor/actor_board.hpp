// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console, exporter, runtime_metadata

#include "actors/supervisor/actor_gauge.hpp"
#include "messages/identity.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// An actor that has something to do and begins nothing for so long does not answer.
inline constexpr std::chrono::seconds answer_deadline{1};

enum class actor_state : uint8_t {
  idle,
  starting,  ///< its function runs for the first time; no message was taken yet
  busy,      ///< it works, or will at once
  blocked,   ///< it waits inside of a handler, as it is meant to
  no_answer, ///< over the deadline
  down,      ///< ended; the supervisor will start it again
};

const char* to_string(actor_state state);

/// One line of /debug/actors.
struct actor_row {
  std::string actor;
  container_key container = 0; ///< of a container's actor
  uint64_t restarts = 0;
  actor_state state = actor_state::idle;
  gauge_reading gauge;
};

struct board_reading {
  uint64_t read_at_ns = 0;        ///< CLOCK_MONOTONIC
  std::vector<actor_row> actors;  ///< in the order of their first start, helpers last
  uint64_t containers = 0;        ///< how many container actors there are
  actor_row all_containers;       ///< their sum; ages are those of the one that waits longest
  std::vector<actor_row> busiest; ///< of them: those that hang, lack credit or have most waiting
};

/// Whether an actor is meant to sit in its handlers.
enum class waits : uint8_t { never, by_design };

/// Where every actor's gauge hangs, so that all of them can be read when one of them hangs. The
/// supervisor puts up its children, who starts a container or a helper puts up that. Any thread.
class actor_board {
public:
  using type_namer = std::string (*)(uint64_t);

  explicit actor_board(type_namer name_of_type) : name_of_type_(name_of_type) {}

  /// An actor that is there once; it stays on the board when it ends. `gauge` may be empty.
  void started(std::string_view actor, std::shared_ptr<const actor_gauge> gauge, uint64_t restarts);
  void ended(std::string_view actor);

  /// Gone from the board with its last handle. The same key again is a restart.
  void add_container(container_key key, const std::shared_ptr<const actor_gauge>& gauge);
  void add_helper(std::string_view actor, waits how,
                  const std::shared_ptr<const actor_gauge>& gauge);

  /// At most so many of the containers. `now_ns` is coarse_time_ns().
  [[nodiscard]] board_reading read(size_t containers_max, uint64_t now_ns) const;
  [[nodiscard]] board_reading read(size_t containers_max) const {
    return read(containers_max, coarse_time_ns());
  }

private:
  struct lasting {
    std::string actor;
    std::shared_ptr<const actor_gauge> gauge;
    uint64_t restarts = 0;
    bool up = false;
  };
  struct passing {
    std::weak_ptr<const actor_gauge> gauge;
    uint64_t restarts = 0;
  };
  struct helper {
    std::string actor;
    waits how = waits::never;
    std::weak_ptr<const actor_gauge> gauge;
  };

  lasting& at(std::string_view actor);
  [[nodiscard]] std::vector<actor_row> read_actors(uint64_t now_ns) const;
  [[nodiscard]] std::vector<actor_row> read_containers(uint64_t now_ns) const;

  const type_namer name_of_type_;
  mutable std::mutex mutex_; ///< guards all below
  std::vector<lasting> actors_;
  std::map<container_key, passing> containers_;
  size_t sweep_at_ = 64; ///< containers that ended are taken down when there are so many
  std::vector<helper> helpers_;
};

} // namespace troupe
