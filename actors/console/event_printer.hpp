// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/event_fields.hpp"
#include "actors/console/field_selection.hpp"
#include "actors/console/l7_filter.hpp"
#include "actors/console/selector.hpp"
#include "actors/console/table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What a stream of events shows, and how.
struct stream_options {
  trace_kind kind = trace_kind::exec;
  selector scope;
  output_options output; ///< fields of event_fields(kind)
  bool setup = false;    ///< exits of the runtime's own helpers too
  l7_filter requests;    ///< of all requests these
  bool raw = false;      ///< queries are not redacted
};

/// Turns traced events into lines. Rows of a live table come before anybody knows the widest, so
/// the widths come from the field table; in a terminal a line is cut to it, elsewhere never.
class event_printer {
public:
  event_printer(stream_options options, std::optional<unsigned> terminal);

  /// The line of column names with its newline; empty for JSON and YAML.
  [[nodiscard]] std::string header() const;

  /// Whether anything of this container is shown.
  [[nodiscard]] bool shows(const trace_batch& batch) const;

  /// Appends those events of the batch that are in scope; answers how many. `boot_to_unix_ns` is
  /// unix_minus_boottime_ns().
  size_t print(const trace_batch& batch, int64_t boot_to_unix_ns, std::string& out) const;

private:
  [[nodiscard]] bool shows(const trace_event& event) const;
  void print_row(const event_row& row, std::string& out) const;

  stream_options options_;
  table_layout layout_;
};

} // namespace troupe
