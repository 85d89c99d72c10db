// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/inspection.hpp"
#include "actors/console/record_writer.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Rows within a report: mounts, processes, connections.
struct nested_rows {
  std::vector<field_info> (*infos)() = nullptr;
  /// Nothing: not known, which is something else than none.
  std::optional<std::vector<record>> (*records)(const inspection&) = nullptr;
  /// As lines of a table; empty where there is none.
  std::string (*columns)(const inspection&, std::optional<unsigned> terminal, bool wide) = nullptr;
  bool list = true; ///< false: one row, an object in JSON
};

/// A part of what `troupe inspect` says of a container: a value, or rows.
struct inspect_field {
  field<inspection> value;
  std::string_view heading; ///< what it stands under in columns
  nested_rows rows = {};

  [[nodiscard]] bool has_rows() const { return rows.records != nullptr; }
};

/// All parts, in order. The names and meanings are a promise to scripts.
[[nodiscard]] const std::vector<inspect_field>& inspect_fields();

/// Of those, what --fields may name.
[[nodiscard]] std::vector<field_info> inspect_infos();

/// For --list: also the fields of rows, "mounts.source".
[[nodiscard]] std::string describe_inspect_fields();

/// Containers in the format; `terminal` as in table::render.
[[nodiscard]] std::string render_inspections(const std::vector<inspection>& all,
                                             const output_options& output,
                                             std::optional<unsigned> terminal);

// The rows; inspect_tables.cpp and inspect_activity.cpp.
[[nodiscard]] nested_rows limit_rows();
[[nodiscard]] nested_rows cgroup_rows();
[[nodiscard]] nested_rows mount_rows();
[[nodiscard]] nested_rows network_rows();
[[nodiscard]] nested_rows namespace_rows();
[[nodiscard]] nested_rows process_rows();
[[nodiscard]] nested_rows listen_rows();
[[nodiscard]] nested_rows connection_rows();

} // namespace troupe
