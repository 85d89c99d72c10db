// SPDX-License-Identifier: Apache-2.0
#pragma once

// Uses CAF: it asks an actor, and commands with actors of their own take its system.

#include "actors/console/actor_system_config.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace troupe {

/// The runtimes of this machine, as long as one command runs.
class asked_runtimes {
public:
  explicit asked_runtimes(const settings& config);
  ~asked_runtimes();
  asked_runtimes(const asked_runtimes&) = delete;
  asked_runtimes& operator=(const asked_runtimes&) = delete;

  /// Every container of every runtime; nothing, and why in `error`, when there is no answer at all.
  /// Bounded by settings.runtime_timeout.
  [[nodiscard]] std::optional<runtime_listing> list(std::string& error);

  /// The observer learns of every container and every change until it ends, or this does.
  void tell(const container_observer_actor& observer);

  /// For actors of the command's own.
  [[nodiscard]] caf::actor_system& system() { return system_; }

private:
  std::chrono::milliseconds patience_;
  actor_system_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  observable_metadata_actor metadata_;
};

} // namespace troupe
