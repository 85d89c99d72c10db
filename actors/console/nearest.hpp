// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Edits (insert, delete, replace, swap of neighbours) that lead from one text to the other.
[[nodiscard]] size_t edit_distance(std::string_view a, std::string_view b);

/// Those candidates that a person may have meant by `wanted`, nearest first, at most `count`: few
/// edits away, or the one contains the other.
[[nodiscard]] std::vector<std::string>
nearest(std::string_view wanted, const std::vector<std::string>& candidates, size_t count = 3);

/// "; did you mean 'list'?" or an empty text: goes behind the sentence that names what is unknown.
[[nodiscard]] std::string did_you_mean(std::string_view wanted,
                                       const std::vector<std::string>& candidates);

} // namespace troupe
