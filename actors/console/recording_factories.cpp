// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it says how the actors of a recording and of a replay are spawned.

#include "actors/console/recording_factories.hpp"

#include "actors/bpf_reader/bpf_reader.hpp"
#include "actors/recorder/recording_source.hpp"
#include "actors/recorder/replay_actors.hpp"
#include "actors/recorder/taps.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <utility>

namespace troupe {

namespace {

/// Of up to 256 KiB each, on their way to the disk.
constexpr uint32_t chunks_in_flight = 64;

/// The recorder of one run: started with the first who needs it, told to end with the supervisor,
/// whose factories hold this.
struct recording_run {
  recorder_options options;
  std::shared_ptr<actor_board> board;
  std::shared_ptr<chunk_window> window = std::make_shared<chunk_window>(chunks_in_flight);
  recorder_actor handle;

  recording_run(recorder_options x, std::shared_ptr<actor_board> y)
      : options(std::move(x)), board(std::move(y)) {}
  ~recording_run() {
    if (handle)
      caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
  }
  recording_run(const recording_run&) = delete;
  recording_run& operator=(const recording_run&) = delete;

  const recorder_actor& recorder_in(caf::actor_system& system) {
    if (!handle) {
      handle = system.spawn<caf::detached>(recorder, options, window);
      board->add_helper("recorder", waits::by_design, gauge_of(handle));
    }
    return handle;
  }
};

/// Opens the kernel and copies what it gives.
event_source_factory recorded(const event_source_factory& open, const recorder_actor& recorder,
                              const std::shared_ptr<chunk_window>& window) {
  return [=]() -> std::unique_ptr<event_source> {
    auto source = open();
    if (source == nullptr)
      return nullptr;
    caf::anon_send(recorder, recording_started{source->features()});
    auto take_chunk = [=](std::vector<std::byte>&& records) {
      if (!window->try_take())
        return false;
      caf::anon_send(recorder, recording_chunk{std::move(records)});
      return true;
    };
    auto take_losses = [=](const std::vector<loss_count>& losses) {
      caf::anon_send(recorder, recording_losses{losses});
    };
    return std::make_unique<recording_source>(std::move(source), take_chunk, take_losses);
  };
}

/// Who of a replay's actors gets what the recording holds beside records.
struct replay_run {
  recording_reader recording;
  double speed = 1;
  std::function<void(const replay_progress&)> finished;
  replay_host_actor host;
  replay_metadata_actor metadata;
  bool opened = false;
};

replay_listener listener_of(const replay_run& run, const registry_actor& registry) {
  replay_listener listener;
  listener.cgroups = [registry, host = run.host](std::vector<cgroup_found>&& cgroups) {
    cgroup_listing listing{std::move(cgroups), false};
    caf::anon_send(host, listing);
    caf::anon_send(registry, std::move(listing));
  };
  listener.metadata = [metadata = run.metadata](recorded_metadata&& x) {
    caf::anon_send(metadata, std::move(x));
  };
  listener.finished = run.finished;
  return listener;
}

} // namespace

void add_recorder(troupe_factories& factories, const settings& config,
                  const cgroup_hierarchy& hierarchy, const recorder_options& options,
                  bool with_metadata) {
  const auto run = std::make_shared<recording_run>(options, factories.board);
  factories.host = [run,
                    make = std::move(factories.host)](caf::actor_system& system) -> host_actor {
    return system.spawn(host_tap, make(system), run->recorder_in(system));
  };
  if (factories.runtime_metadata && with_metadata)
    factories.runtime_metadata = [run, make = std::move(factories.runtime_metadata)](
                                     caf::actor_system& system) -> runtime_metadata_actor {
      return system.spawn(metadata_tap, make(system), run->recorder_in(system));
    };
  factories.bpf_reader = [=](caf::actor_system& system,
                             const registry_actor& registry) -> bpf_reader_actor {
    const auto& to = run->recorder_in(system);
    const auto open = recorded(kernel_events(config, hierarchy), to, run->window);
    bpf_reader_actor reader = system.spawn<caf::detached>(bpf_reader_of, config, open, registry);
    caf::anon_send(to, reader);
    return reader;
  };
}

void replace_machine(troupe_factories& factories, const settings& config,
                     recording_reader recording, double speed,
                     const std::function<void(const replay_progress&)>& finished) {
  const auto run = std::make_shared<replay_run>();
  const auto node = recording.description().node;
  run->recording = std::move(recording);
  run->speed = speed;
  run->finished = finished;
  factories.host = [run, node](caf::actor_system& system) -> host_actor {
    return run->host = system.spawn(replay_host, node);
  };
  factories.runtime_metadata = [run](caf::actor_system& system) -> runtime_metadata_actor {
    return run->metadata = system.spawn(replay_metadata);
  };
  factories.bpf_reader = [run, config](caf::actor_system& system,
                                       const registry_actor& registry) -> bpf_reader_actor {
    // A recording is read once: for a reader that is started again there is nothing.
    auto source = std::make_shared<std::unique_ptr<event_source>>();
    if (!std::exchange(run->opened, true))
      *source = std::make_unique<replay_source>(std::move(run->recording), run->speed,
                                                listener_of(*run, registry));
    const auto open = [source] {
      return std::move(*source);
    };
    return system.spawn<caf::detached>(bpf_reader_of, config, open, registry);
  };
}

} // namespace troupe
