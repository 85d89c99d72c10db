// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field_selection.hpp"
#include "actors/console/list_fields.hpp"
#include "actors/host/process_list.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// A process as `troupe ps` shows it.
struct process_row {
  const list_row* container = nullptr; ///< whose it is; nullptr: nobody's
  process_info process;
};

/// Every field of a process. The names and meanings are a promise to scripts.
[[nodiscard]] const std::vector<field<process_row>>& ps_fields();

/// Those of them that are the process's own, for where its container is known.
[[nodiscard]] const std::vector<field<process_info>>& process_fields();

/// By container, then by pid; those of no container last.
void sort_by_container(std::vector<process_row>& rows);

/// The rows in the format, all at once; `terminal` as in table::render.
[[nodiscard]] std::string render_processes(const std::vector<process_row>& rows,
                                           const output_options& output,
                                           std::optional<unsigned> terminal);

/// "sleeping": what a letter of proc(5) means.
[[nodiscard]] std::string_view process_state_name(char state);

} // namespace troupe
