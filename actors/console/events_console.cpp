// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it is an actor.
#include "actors/console/events_console.hpp"

#include "actors/console/container_listing.hpp"
#include "actors/console/row_text.hpp"
#include "actors/console/time_format.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace troupe {

namespace {

using pointer = gauged_pointer<events_console_actor, events_console_state>;
using options_ptr = std::shared_ptr<const events_options>;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds overdue_interval{100};

void write_out(pointer self, int out, std::string_view text) {
  switch (write_all(out, text)) {
    case write_result::ok:
      return;
    case write_result::closed: // `troupe events ... | head`: done, and no error.
      self->quit();
      return;
    case write_result::failed:
      self->quit(make_error(ec::output_failed,
                            std::string{"cannot write to stdout: "} + std::strerror(errno)));
  }
}

void show(pointer self, const options_ptr& options, int out, const std::vector<life_row>& rows) {
  auto& st = self->state;
  std::string text;
  for (const auto& row : rows)
    append_row(text, life_fields(), options->output, *st.layout, row);
  st.status.shown += rows.size();
  st.status.filtered = st.feed->filtered();
  if (!text.empty())
    write_out(self, out, text);
}

void arm_tick(pointer self) {
  auto& st = self->state;
  if (!st.feed->waits() || std::exchange(st.tick_armed, true))
    return;
  self->delayed_send(events_console_actor{self}, overdue_interval, tick{});
}

void note_statuses(pointer self, const options_ptr& options,
                   const std::vector<runtime_status>& statuses) {
  auto& st = self->state;
  st.complain->say_new(describe_silent(statuses, options->config));
  for (const auto& x : statuses)
    if (std::exchange(st.answering[x.endpoint.socket], x.answering) && !x.answering)
      ++*options->gaps;
}

} // namespace

events_console_actor::behavior_type events_console(pointer self, events_options given,
                                                   output_streams streams) {
  install_defaults(self, "console");
  const auto options = std::make_shared<const events_options>(std::move(given));
  const auto out = streams.out;
  auto& st = self->state;
  st.feed.emplace(options->choice);
  st.layout.emplace(columns_of(infos_of(life_fields()), options->output), terminal_width(out));
  st.complain.emplace(streams.err, "events");
  if (!options->output.is_structured() && options->output.headers)
    write_out(self, out, st.layout->header());
  return {
      [=](const trace_batch& batch, const credit_actor& container) {
        auto& state = self->state;
        show(self, options, out, state.feed->take(batch, unix_minus_boottime_ns()));
        if (state.feed->shows(batch)) // What is not looked at is not missed.
          state.status.dropped += batch.dropped;
        self->send<caf::message_priority::high>(container, credit{batch.key, 1});
      },
      [=](const get_status&) { return self->state.status; },
      [=](const container_change& change) {
        show(self, options, out, self->state.feed->take(change, steady_clock::now()));
        arm_tick(self);
      },
      [=](const std::vector<runtime_status>& statuses) { note_statuses(self, options, statuses); },
      [=](const tick&) {
        self->state.tick_armed = false;
        show(self, options, out, self->state.feed->take_overdue(steady_clock::now()));
        arm_tick(self);
      },
  };
}

} // namespace troupe
