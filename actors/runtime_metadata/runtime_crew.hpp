// SPDX-License-Identifier: Apache-2.0
#pragma once

// Uses CAF: it holds the handles of the workers.

// The inside of runtime_metadata: what it and its detached workers and watchers say to each other.

#include "actors/runtime_metadata/runtime_client.hpp"
#include "actors/supervisor/actor_board.hpp"
#include "messages/actors.hpp"
#include "messages/settings.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace troupe {

/// To a worker: ask about one container.
struct lookup_order {
  container_query query;
};

/// To a worker: list all containers of the endpoint, in full.
struct listing_order {};

/// To a worker: there is no more work, end.
struct dismiss_worker {};

/// From a worker.
struct lookup_done {
  size_t endpoint = 0;
  container_query query;
  call_result<container_answer> result;
  std::chrono::nanoseconds took{0};
};

/// From a worker.
struct listing_done {
  size_t endpoint = 0;
  call_result<std::vector<container_answer>> result;
};

/// From a watcher: its endpoint's event stream is open.
struct stream_opened {
  size_t endpoint = 0;
  std::string version;
};

/// From a watcher: all containers, as the endpoint listed them after its stream was opened.
struct stream_listed {
  size_t endpoint = 0;
  std::vector<container_answer> answers;
  std::chrono::steady_clock::time_point begun;
};

/// From a watcher: a container changed. To be acknowledged by runtime_crew::event_taken().
struct stream_event {
  size_t endpoint = 0;
  runtime_event event;
};

/// From a watcher: the stream broke or could not be opened. It tries again by itself.
struct stream_lost {
  size_t endpoint = 0;
  call_error error;
};

/// From the scout: a socket that was not there when runtime_metadata began.
struct endpoint_appeared {
  runtime_endpoint endpoint;
};

/// Of runtime_metadata to itself: who has not listed by now is left out.
struct listing_due {
  uint64_t round = 0;
};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::lookup_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listing_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::dismiss_worker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::lookup_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listing_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::stream_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::stream_listed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::stream_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::stream_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::endpoint_appeared)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listing_due)

namespace troupe {

/// Makes calls to one endpoint, one at a time. Detached; lives while there is something to ask.
using runtime_worker_actor = caf::typed_actor<
    // Answers with lookup_done.
    caf::reacts_to<lookup_order>,
    // Answers with listing_done.
    caf::reacts_to<listing_order>,
    // Ends.
    caf::reacts_to<dismiss_worker>>;

/// Follows the event stream of one endpoint. Detached; lives as long as runtime_metadata.
using runtime_watcher_actor = caf::typed_actor<
    // Opens the stream and stays in it until it breaks; then once more after a while.
    caf::reacts_to<tick>>;

/// Looks for sockets that appear. Detached; lives as long as runtime_metadata.
using runtime_scout_actor = caf::typed_actor<
    // Looks, and once more after a while.
    caf::reacts_to<tick>>;

/// What workers, watchers and the scout report to.
using runtime_reports_actor = caf::typed_actor<
    // A lookup ended; whoever made it has nothing to do now.
    caf::reacts_to<lookup_done>,
    // A list for list_all.
    caf::reacts_to<listing_done>,
    // An endpoint lives.
    caf::reacts_to<stream_opened>,
    // A list after a stream was opened: what we missed.
    caf::reacts_to<stream_listed>,
    // A container changed.
    caf::reacts_to<stream_event>,
    // An endpoint does not live.
    caf::reacts_to<stream_lost>,
    // There is one more endpoint.
    caf::reacts_to<endpoint_appeared>>;

/// runtime_metadata from the inside.
using runtime_metadata_core = observable_metadata_actor::extend_with<runtime_reports_actor>::extend<
    // The next lookup is due.
    caf::reacts_to<tick>,
    // A list_all has waited long enough.
    caf::reacts_to<listing_due>>;

/// Where runtime_metadata gets its workers and watchers from. Its end stops every call that is
/// still under way, so that they can end too.
class runtime_crew {
public:
  virtual ~runtime_crew() = default;

  /// All so far. An endpoint keeps its place, also when its socket is gone.
  [[nodiscard]] virtual std::vector<runtime_endpoint> endpoints() const = 0;
  /// One more, at the end of endpoints().
  virtual void add_endpoint(const runtime_endpoint& endpoint) = 0;
  virtual runtime_worker_actor start_worker(size_t endpoint,
                                            const runtime_reports_actor& parent) = 0;
  virtual void start_watcher(size_t endpoint, const runtime_reports_actor& parent) = 0;
  virtual void start_scout(const runtime_reports_actor& parent) = 0;
  /// A stream_event of this endpoint is out of the mailbox: another one may come.
  virtual void event_taken(size_t endpoint) = 0;
};

using runtime_client_factory =
    std::function<std::shared_ptr<runtime_client>(const runtime_endpoint&)>;

/// The real crew: detached actors, linked to their parent. Their gauges go on `board`, if there is
/// one.
std::shared_ptr<runtime_crew> make_runtime_crew(caf::actor_system& system, const settings& config,
                                                const runtime_client_factory& make_client,
                                                std::shared_ptr<actor_board> board);

} // namespace troupe
