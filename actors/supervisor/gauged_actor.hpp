// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: all
// Uses CAF: it stands between CAF's actor and ours.

// An actor whose gauge others can read. CAF 0.17.6 counts nothing, its profiler is compiled out of
// Debian's build, and only the actor itself may look into its mailbox. What it does allow:
// enqueue() and resume() are virtual. Ours tell the gauge of each message before its handler runs.
// Streams and receive timeouts, which we do not use, are not served by this resume().

#include "actors/supervisor/actor_gauge.hpp"

#include <caf/actor_cast.hpp>
#include <caf/config.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <utility>

namespace troupe {

static_assert(CAF_VERSION == 1706,
              "what resume() owes the scheduler is CAF's own affair: look again");

/// Whoever has a gauge, whatever its interface.
class has_gauge {
public:
  [[nodiscard]] actor_gauge& gauge() { return *gauge_; }
  [[nodiscard]] const std::shared_ptr<actor_gauge>& shared_gauge() const { return gauge_; }

protected:
  ~has_gauge() = default;

private:
  std::shared_ptr<actor_gauge> gauge_ = std::make_shared<actor_gauge>(); ///< may outlive the actor
};

/// The type of a message's first element as one number: that of CAF's list of types, or the address
/// of its type_info.
inline uint64_t message_type(const caf::type_erased_tuple& content) {
  if (content.empty())
    return 0;
  const auto [number, info] = content.type(0);
  return info != nullptr ? reinterpret_cast<uintptr_t>(info) : number;
}

/// "event_batch": as in messages/, without its namespace.
std::string message_type_name(uint64_t type);

template <class Handle>
class gauged_actor : public Handle::base, public has_gauge {
public:
  using super = typename Handle::base;
  using super::enqueue;
  using super::super;

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) override {
    gauge().came();
    super::enqueue(std::move(message), unit);
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit, size_t max_throughput) override {
    gauge().resumed();
    const auto result = work(unit, max_throughput);
    // No more than this may follow: the actor may run in another thread already. Its memory is
    // held by this thread's reference until we return.
    if (result != caf::resumable::awaiting_message)
      gauge().paused();
    return result;
  }

private:
  struct visitor : caf::scheduled_actor::mailbox_visitor {
    using base = caf::scheduled_actor::mailbox_visitor;
    using base::operator();

    template <class Queue>
    caf::intrusive::task_result operator()(size_t, Queue&, caf::mailbox_element& x) {
      static_cast<gauged_actor*>(this->self)->gauge().taken(message_type(x.content()));
      return base::operator()(x);
    }
  };

  /// Idle: whoever sends the next message resumes us, from now on.
  bool try_block() {
    gauge().paused();
    if (this->mailbox().try_block())
      return true;
    gauge().resumed();
    return false;
  }

  caf::resumable::resume_result work(caf::execution_unit* unit, size_t max_throughput) {
    if (!this->activate(unit))
      return caf::resumable::done;
    size_t handled = 0;
    visitor f{{this, handled, max_throughput}};
    while (handled < max_throughput) {
      if (!this->mailbox().new_round(3, f).consumed_items && try_block())
        return caf::resumable::awaiting_message;
      if (this->finalize())
        return caf::resumable::done;
    }
    return try_block() ? caf::resumable::awaiting_message : caf::resumable::resume_later;
  }
};

/// What an actor's function gets as `self`: stateful_pointer with a gauge.
template <class Handle, class State>
using gauged_pointer = caf::stateful_actor<State, gauged_actor<Handle>>*;

/// The gauge behind a handle; empty for actors without (those of tests).
template <class Handle>
std::shared_ptr<actor_gauge> gauge_of(const Handle& handle) {
  const auto* actor = dynamic_cast<const has_gauge*>(caf::actor_cast<caf::abstract_actor*>(handle));
  return actor != nullptr ? actor->shared_gauge() : nullptr;
}

} // namespace troupe
