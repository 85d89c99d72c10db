// SPDX-License-Identifier: Apache-2.0

#include "actors/console/console.hpp"

#include "actors/console/output.hpp"
#include "actors/console/time_format.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace troupe {

namespace {

using pointer = gauged_pointer<trace_console_actor, console_state>;

void write_out(pointer self, int out, std::string_view text) {
  switch (write_all(out, text)) {
    case write_result::ok:
      return;
    case write_result::closed: // `troupe trace ... | head`: done, and no error.
      self->quit();
      return;
    case write_result::failed:
      self->quit(make_error(ec::output_failed,
                            std::string{"cannot write to stdout: "} + std::strerror(errno)));
  }
}

} // namespace

trace_console_actor::behavior_type console(pointer self, stream_options options, int out) {
  install_defaults(self, "console");
  auto& st = self->state;
  st.printer.emplace(std::move(options), terminal_width(out));
  write_out(self, out, st.printer->header());
  return {
      [self, out](const trace_batch& batch, const credit_actor& container) {
        auto& state = self->state;
        state.text.clear();
        const auto shown = state.printer->print(batch, unix_minus_boottime_ns(), state.text);
        state.status.shown += shown;
        state.status.filtered += batch.events.size() - shown;
        if (state.printer->shows(batch)) // What is not looked at is not missed.
          state.status.dropped += batch.dropped;
        write_out(self, out, state.text);
        self->send<caf::message_priority::high>(container, credit{batch.key, 1});
      },
      [self](const get_status&) { return self->state.status; },
  };
}

} // namespace troupe
