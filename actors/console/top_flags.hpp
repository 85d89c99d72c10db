// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/command_flags.hpp"
#include "actors/console/top_actors.hpp"

#include <optional>
#include <string>

namespace troupe {

/// The flags of `troupe top` as they were given; those of its output are in flag_texts.
struct top_texts {
  std::string agent;
  std::string interval;
  std::string count;
};

void add_top_flags(CLI::App& command, flag_texts& output, top_texts& into);

/// Nothing, and what is wrong in `error`.
[[nodiscard]] std::optional<top_actors_request>
read_top_actors(const flag_texts& output, const top_texts& texts, std::string& error);

} // namespace troupe
