// SPDX-License-Identifier: Apache-2.0
#include "actors/console/event_printer.hpp"

#include "actors/console/row_text.hpp"

#include <utility>

namespace troupe {

event_printer::event_printer(stream_options options, std::optional<unsigned> terminal)
    : options_(std::move(options)),
      layout_(columns_of(infos_of(event_fields(options_.kind)), options_.output), terminal) {}

std::string event_printer::header() const {
  return options_.output.is_structured() || !options_.output.headers ? std::string{}
                                                                     : layout_.header();
}

bool event_printer::shows(const trace_batch& batch) const {
  return options_.scope.matches(scope_of(batch));
}

bool event_printer::shows(const trace_event& event) const {
  if (!is_of_kind(event, options_.kind) || !options_.scope.matches_pid(event.process.pid))
    return false;
  if (const auto* l7 = std::get_if<l7_trace>(&event.detail))
    return options_.requests.matches(*l7->exchange);
  const auto* exit = std::get_if<exit_trace>(&event.detail);
  return exit == nullptr || !exit->setup || options_.setup;
}

void event_printer::print_row(const event_row& row, std::string& out) const {
  append_row(out, event_fields(options_.kind), options_.output, layout_, row);
}

size_t event_printer::print(const trace_batch& batch, int64_t boot_to_unix_ns,
                            std::string& out) const {
  if (!shows(batch))
    return 0;
  size_t printed = 0;
  for (const auto& event : batch.events) {
    if (!shows(event))
      continue;
    const auto unix_ns = static_cast<int64_t>(event.time_ns) + boot_to_unix_ns;
    print_row({options_.kind, batch, event, unix_ns, options_.raw}, out);
    ++printed;
  }
  return printed;
}

} // namespace troupe
