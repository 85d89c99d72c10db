// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it owns the actor system.
#pragma once

#include "actors/console/actor_system_config.hpp"
#include "actors/console/stop_signals.hpp"
#include "actors/supervisor/supervisor.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// All actors of one command, and their end. Used by one thread that is no actor.
class troupe_run {
public:
  /// `stop` is woken when the supervisor ends by itself.
  troupe_run(troupe_factories factories, const stop_signals& stop);
  /// Ends all actors; see end().
  ~troupe_run();
  troupe_run(const troupe_run&) = delete;
  troupe_run& operator=(const troupe_run&) = delete;

  enum class readiness { ready, late, stopped, failed };
  /// Waits until the kernel side is attached and the first walk is done, a signal comes, or the
  /// supervisor ends.
  [[nodiscard]] readiness wait_until_ready(std::chrono::milliseconds patience);

  /// Why the supervisor ended; nothing while it runs. A normal end is an empty error.
  [[nodiscard]] std::optional<caf::error> failure() const;

  // What the actors say; nothing where they are not there or too slow.
  [[nodiscard]] std::optional<troupe_status> status();
  [[nodiscard]] std::optional<reader_status> reader();
  [[nodiscard]] std::optional<registry_status> registry();
  [[nodiscard]] std::optional<console_status> console();
  /// What the runtimes list; nothing where none is asked, or one of them takes its time.
  [[nodiscard]] std::optional<runtime_listing> runtimes();
  /// Of every container that answers in time.
  [[nodiscard]] std::vector<container_snapshot_ptr> snapshots();

private:
  struct shared;

  template <class Response, class Handle>
  std::optional<Response> ask(const Handle& handle);

  const stop_signals& stop_;
  std::shared_ptr<shared> shared_;
  actor_system_config config_;
  std::optional<caf::actor_system> system_;
  std::optional<caf::scoped_actor> self_;
  supervisor_actor supervisor_;
  uint64_t collections_ = 0;
};

/// What a person reads of an error: the message where it has one of ours.
[[nodiscard]] std::string error_text(const caf::error& error);

/// True when the error is ours with this code.
[[nodiscard]] bool is(const caf::error& error, ec code);

} // namespace troupe
