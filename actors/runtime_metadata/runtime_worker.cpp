// SPDX-License-Identifier: Apache-2.0
// Uses CAF: a worker is an actor of its own.
#include "actors/runtime_metadata/runtime_worker.hpp"

#include "actors/runtime_metadata/endpoints.hpp"
#include "actors/runtime_metadata/lookup_queue.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace troupe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A stream that lasted this long was a good one: its end is news, not one more failure.
constexpr std::chrono::seconds good_stream{5};

// To try a socket costs little, and containers wait for their names: the pauses stay short, also
// for a dockerd that accepts connections for seconds before it answers its first.
constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{2'000};

int64_t unix_now_ns() {
  return std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count();
}

// One stay in the event stream; says why it ended.
call_error follow(runtime_watcher_actor::pointer self, size_t endpoint, runtime_client& client,
                  const call_limits& limits, event_window& window,
                  const runtime_reports_actor& parent) {
  bool understood = true;
  const event_observer observer{
      .opened =
          [&] {
            auto version = client.version(limits);
            // Whoever has only garbage for the simplest question is not the runtime, and no news
            // each time that it is tried. One that is late may be slow for the moment.
            understood = version || version.error().code != ec::runtime_garbage;
            if (!understood)
              return self->send(parent, stream_lost{endpoint, version.error()});
            self->send(parent, stream_opened{endpoint, version ? std::move(*version) : ""});
            // Events of this while wait in the socket, so nothing falls between list and events.
            // When the list fails its questions are asked one by one.
            const auto begun = steady_clock::now();
            if (auto listed = client.list(limits))
              self->send(parent, stream_listed{endpoint, std::move(*listed), begun});
            else if (!limits.stop.stop_requested())
              spdlog::warn("runtime_metadata list-failed {}", listed.error().message);
          },
      .event =
          [&](runtime_event event) {
            event.heard_ns = unix_now_ns();
            if (understood && window.enter(limits.stop))
              self->send(parent, stream_event{endpoint, std::move(event)});
          },
  };
  return client.watch(observer, limits);
}

} // namespace

runtime_worker_actor::behavior_type runtime_worker(gauged_actor<runtime_worker_actor>* self,
                                                   size_t endpoint,
                                                   const std::shared_ptr<runtime_client>& client,
                                                   const call_limits& limits,
                                                   runtime_reports_actor parent) {
  install_defaults(self, "runtime_worker");
  self->link_to(parent);
  return {
      [=](const lookup_order& order) {
        const auto begun = steady_clock::now();
        auto result = client->inspect(order.query, limits);
        const auto took = steady_clock::now() - begun;
        self->send(parent, lookup_done{endpoint, order.query, std::move(result), took});
      },
      [=](const listing_order&) {
        const call_limits bounded{std::min(limits.timeout, listing_timeout), limits.stop};
        self->send(parent, listing_done{endpoint, list_in_full(*client, bounded)});
      },
      [=](const dismiss_worker&) { self->quit(); },
  };
}

runtime_watcher_actor::behavior_type
runtime_watcher(gauged_pointer<runtime_watcher_actor, runtime_watcher_state> self, size_t endpoint,
                const std::shared_ptr<runtime_client>& client, const call_limits& limits,
                const std::shared_ptr<event_window>& window, runtime_reports_actor parent) {
  install_defaults(self, "runtime_watcher");
  self->link_to(parent);
  self->send(runtime_watcher_actor{self}, tick{});
  return {
      [=](const tick&) {
        const auto begun = steady_clock::now();
        auto error = follow(self, endpoint, *client, limits, *window, parent);
        if (limits.stop.stop_requested())
          return self->quit();
        auto& failures = self->state.failures;
        if (steady_clock::now() - begun > good_stream && error.code != ec::runtime_timeout)
          failures = 0;
        const auto pause = backoff(failures++, first_pause, longest_pause);
        self->send(parent, stream_lost{endpoint, std::move(error)});
        self->delayed_send(runtime_watcher_actor{self}, pause, tick{});
      },
  };
}

runtime_scout_actor::behavior_type
runtime_scout(gauged_pointer<runtime_scout_actor, runtime_scout_state> self, const settings& config,
              const std::vector<runtime_endpoint>& known, runtime_reports_actor parent) {
  install_defaults(self, "runtime_scout");
  self->link_to(parent);
  self->state.known = known;
  self->delayed_send(runtime_scout_actor{self}, scout_interval, tick{});
  return {
      [=](const tick&) {
        auto& seen = self->state.known;
        for (auto& endpoint : runtime_endpoints(config))
          if (seen.size() < endpoints_max
              && std::find(seen.begin(), seen.end(), endpoint) == seen.end()) {
            seen.push_back(endpoint);
            self->send(parent, endpoint_appeared{std::move(endpoint)});
          }
        self->delayed_send(runtime_scout_actor{self}, scout_interval, tick{});
      },
  };
}

namespace {

class detached_crew final : public runtime_crew {
public:
  detached_crew(caf::actor_system& system, const settings& config,
                runtime_client_factory make_client, std::shared_ptr<actor_board> board)
      : system_(system),
        config_(config),
        make_client_(std::move(make_client)),
        board_(std::move(board)) {
    for (const auto& endpoint : runtime_endpoints(config))
      add_endpoint(endpoint);
    if (!config.runtimes_off) // Last: what is on disk counts where no runtime answers.
      add_endpoint({runtime_kind::unknown, config.host_root});
  }

  ~detached_crew() override { stop_.request_stop(); }

  [[nodiscard]] std::vector<runtime_endpoint> endpoints() const override { return endpoints_; }

  void add_endpoint(const runtime_endpoint& endpoint) override {
    endpoints_.push_back(endpoint);
    clients_.push_back(make_client_(endpoint));
    windows_.push_back(std::make_shared<event_window>());
  }

  runtime_worker_actor start_worker(size_t endpoint, const runtime_reports_actor& parent) override {
    auto worker = system_.spawn<caf::detached>(runtime_worker, endpoint, clients_[endpoint],
                                               limits(), parent);
    put_up("runtime_worker", waits::never, worker, endpoint);
    return worker;
  }

  void start_watcher(size_t endpoint, const runtime_reports_actor& parent) override {
    const auto watcher = system_.spawn<caf::detached>(runtime_watcher, endpoint, clients_[endpoint],
                                                      limits(), windows_[endpoint], parent);
    put_up("runtime_watcher", waits::by_design, watcher, endpoint);
  }

  void start_scout(const runtime_reports_actor& parent) override {
    if (!config_.runtimes_off)
      system_.spawn<caf::detached>(runtime_scout, config_, endpoints_, parent);
  }

  void event_taken(size_t endpoint) override { windows_[endpoint]->leave(); }

private:
  [[nodiscard]] call_limits limits() const { return {config_.runtime_timeout, stop_.get_token()}; }

  template <class Handle>
  void put_up(std::string_view name, waits how, const Handle& helper, size_t endpoint) const {
    const auto gauge = gauge_of(helper);
    if (!board_ || !gauge)
      return;
    gauge->label(endpoints_[endpoint].socket);
    board_->add_helper(name, how, gauge);
  }

  caf::actor_system& system_;
  settings config_;
  runtime_client_factory make_client_;
  std::shared_ptr<actor_board> board_;
  std::vector<runtime_endpoint> endpoints_;
  std::vector<std::shared_ptr<runtime_client>> clients_; ///< used from any thread
  std::vector<std::shared_ptr<event_window>> windows_;
  std::stop_source stop_;
};

} // namespace

std::shared_ptr<runtime_crew> make_runtime_crew(caf::actor_system& system, const settings& config,
                                                const runtime_client_factory& make_client,
                                                std::shared_ptr<actor_board> board) {
  return std::make_shared<detached_crew>(system, config, make_client, std::move(board));
}

} // namespace troupe
