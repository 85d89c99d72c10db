// SPDX-License-Identifier: Apache-2.0

#include "actors/recorder/recorder.hpp"

#include "actors/host/boot_clock.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <chrono>

namespace troupe {

namespace {

using pointer = gauged_pointer<recorder_actor, recorder_state>;

/// A recording begins with a walk through the cgroups, but not at any price.
constexpr std::chrono::seconds walk_patience{5};
/// For the reader's last records, once the end was asked for.
constexpr std::chrono::milliseconds end_patience{1'000};

int64_t unix_now_ns() {
  return std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count();
}

/// Ends the file and says so, once.
void finish(pointer self) {
  auto& st = self->state;
  st.log->finish();
  if (!std::exchange(st.told, true) && st.options.on_end)
    st.options.on_end(st.log->status());
  self->quit();
}

/// After whatever may have written.
void settle(pointer self) {
  auto& st = self->state;
  st.window->give_back(st.log->take_done());
  if (st.log->status().error.empty() || st.told)
    return;
  spdlog::error("recorder stopped {}", st.log->status().error);
  st.told = true; // Whoever started it ends it; what still comes is thrown away.
  if (st.options.on_end)
    st.options.on_end(st.log->status());
}

void start(pointer self, const recording_started& x) {
  auto& st = self->state;
  recording_description description;
  description.agent_version = st.options.agent_version;
  description.node = st.options.node;
  description.started_boottime_ns = boot_time_now_ns();
  description.started_unix_ns = unix_now_ns();
  description.features = x.features;
  st.log->begin(description);
  self->delayed_send(recorder_actor{self}, walk_patience, tick{});
}

void end_asked(pointer self) {
  auto& st = self->state;
  st.ending = true;
  if (!st.reader)
    return finish(self);
  self->delayed_send(recorder_actor{self}, end_patience, tick{});
}

void reader_down(pointer self, const caf::down_msg& down) {
  auto& st = self->state;
  if (!st.reader || st.reader.address() != down.source)
    return;
  st.reader = bpf_reader_actor{}; // Another one may follow.
  if (st.ending)
    finish(self);
}

} // namespace

recorder_actor::behavior_type recorder(pointer self, const recorder_options& options,
                                       const std::shared_ptr<chunk_window>& window) {
  install_defaults(self, "recorder");
  auto& st = self->state;
  st.options = options;
  st.window = window;
  st.log.emplace(options.path, options.limits);
  self->set_exit_handler([self](const caf::exit_msg&) { end_asked(self); });
  self->set_down_handler([self](const caf::down_msg& down) { reader_down(self, down); });
  return {
      [self](const recording_started& x) {
        start(self, x);
        settle(self);
      },
      [self](recording_chunk& x) {
        self->state.log->add(std::move(x));
        settle(self);
      },
      [self](const cgroup_listing& x) {
        self->state.log->add(x);
        settle(self);
      },
      [self](const recorded_metadata& x) {
        self->state.log->add(x);
        settle(self);
      },
      [self](const recording_losses& x) {
        self->state.log->add(x);
        settle(self);
      },
      [self](const bpf_reader_actor& reader) {
        self->state.reader = reader;
        self->monitor(reader);
      },
      [self](const tick&) {
        self->state.log->release_records();
        settle(self);
        if (self->state.ending)
          finish(self);
      },
      [self](const get_status&) { return self->state.log->status(); },
  };
}

} // namespace troupe
