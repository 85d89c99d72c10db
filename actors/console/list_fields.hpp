// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/field_selection.hpp"
#include "messages/container_metadata.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// One container as `troupe list` shows it.
struct list_row {
  container_identity identity;
  container_metadata metadata;
};

/// Every field of a listed container. The names and meanings are a promise to scripts.
[[nodiscard]] const std::vector<field<list_row>>& list_fields();

/// The rows in the format, all at once; `terminal` as in table::render.
[[nodiscard]] std::string render_list(const std::vector<list_row>& rows,
                                      const output_options& output,
                                      std::optional<unsigned> terminal);

/// What became of a container between two looks: "created", "running", "paused", "exited",
/// "renamed", "changed", "removed".
struct list_change {
  std::string change;
  list_row row; ///< as it is now, or as it last was
};

/// What is new in `after`, compared with the container as it was shown before, if it was; nothing
/// when nothing is.
[[nodiscard]] std::optional<list_change> change_between(const std::optional<list_row>& before,
                                                        const list_row& after);

/// The differences of two lists, removals first.
[[nodiscard]] std::vector<list_change> changes_between(const std::vector<list_row>& before,
                                                       const std::vector<list_row>& after);

/// A change in a stream.
struct change_row {
  std::string_view change;
  int64_t unix_time_ns;
  const list_row& container;
};

/// `time` and `event`, then the fields of list_fields().
[[nodiscard]] const std::vector<field<change_row>>& change_fields();

} // namespace troupe
