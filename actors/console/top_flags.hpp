// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/command_flags.hpp"
#include "actors/console/top_actors.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

/// The flags of the `troupe top` commands as they were given; those that others have, too, are in
/// flag_texts.
struct top_texts {
  std::string agent;
  std::string interval;
  std::string count;
  bool once = false;
  std::string order;
  std::string limit;
};

/// `count_flags`: "-n,--count", or "--count" where -n is a namespace.
void add_interval_flags(CLI::App& command, const char* count_flags, top_texts& into);
void add_order_flags(CLI::App& command, top_texts& into);
/// Those of `troupe top actors`.
void add_top_flags(CLI::App& command, flag_texts& output, top_texts& into);

// False, and what is wrong in `error`, when a text cannot be used.
[[nodiscard]] bool read_interval(const top_texts& texts, std::chrono::milliseconds& interval,
                                 std::string& error);
[[nodiscard]] bool read_count(const top_texts& texts, std::optional<uint64_t>& count,
                              std::string& error);

/// Nothing, and what is wrong in `error`.
[[nodiscard]] std::optional<top_actors_request>
read_top_actors(const flag_texts& output, const top_texts& texts, std::string& error);

} // namespace troupe
