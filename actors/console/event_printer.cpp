// SPDX-License-Identifier: Apache-2.0
#include "actors/console/event_printer.hpp"

#include "actors/console/record_writer.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

bool is_structured(output_format format) {
  return format == output_format::json || format == output_format::yaml;
}

} // namespace

event_printer::event_printer(stream_options options, std::optional<unsigned> terminal)
    : options_(std::move(options)), terminal_(terminal) {
  const auto& fields = event_fields(options_.kind);
  for (const auto i : options_.fields) {
    const auto& info = fields[i].info;
    columns_.push_back({std::string{info.header}, info.right_aligned});
    widths_.push_back(std::max<size_t>(info.width, info.header.size()));
  }
  if (!terminal)
    return;
  // The last column takes what the others leave: arguments and errors stand there.
  widths_ = fit_widths(std::move(widths_), *terminal);
  size_t used = 2 * (widths_.size() - 1);
  for (const auto width : widths_)
    used += width;
  if (used < *terminal && !columns_.back().right_aligned)
    widths_.back() += *terminal - used;
}

std::string event_printer::header() const {
  if (is_structured(options_.format) || !options_.headers)
    return {};
  std::vector<std::string> names;
  for (const auto& column : columns_)
    names.push_back(column.header);
  return layout_line(columns_, widths_, names, terminal_);
}

bool event_printer::shows(const trace_batch& batch) const {
  return options_.scope.matches(scope_of(batch));
}

bool event_printer::shows(const trace_event& event) const {
  if (!is_of_kind(event, options_.kind) || !options_.scope.matches_pid(event.process.pid))
    return false;
  const auto* exit = std::get_if<exit_trace>(&event.detail);
  return exit == nullptr || !exit->setup || options_.setup;
}

void event_printer::print_row(const event_row& row, std::string& out) const {
  const auto& fields = event_fields(options_.kind);
  switch (options_.format) {
    case output_format::json:
      append_json(out, make_record(fields, options_.fields, row));
      out += '\n';
      return;
    case output_format::yaml:
      out += yaml_document(make_record(fields, options_.fields, row));
      return;
    case output_format::columns:
    case output_format::wide:
      break;
  }
  out += layout_line(columns_, widths_, make_cells(fields, options_.fields, row), terminal_);
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
    print_row({options_.kind, batch, event, unix_ns}, out);
    ++printed;
  }
  return printed;
}

} // namespace troupe
