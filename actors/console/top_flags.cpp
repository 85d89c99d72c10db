// SPDX-License-Identifier: Apache-2.0
#include "actors/console/top_flags.hpp"

#include "actors/console/escape.hpp"
#include "actors/console/setting_values.hpp"
#include "actors/exporter/listen_address.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <charconv>

namespace troupe {

namespace {

constexpr double longest_interval_s = 3600;
constexpr double shortest_interval_s = 0.1; // The agent is not to be kept busy by who looks at it.

void add(CLI::App& command, const char* flags, std::string& text, const char* value,
         const char* meaning, const char* group) {
  command.add_option(flags, text, meaning)->type_name(value)->take_last()->group(group);
}

} // namespace

void add_interval_flags(CLI::App& command, const char* count_flags, top_texts& into) {
  constexpr auto group = "How often";
  add(command, "--interval", into.interval, "SECONDS", "time between two tables (default: 1)",
      group);
  add(command, count_flags, into.count, "NUMBER", "end after so many tables (default: at Ctrl-C)",
      group);
  command.add_flag("--once", into.once, "end after one table")->group(group);
}

void add_order_flags(CLI::App& command, top_texts& into) {
  constexpr auto group = "Output";
  add(command, "--sort", into.order, "requests|failed|p50|p95|p99",
      "highest first (default: requests)", group);
  add(command, "--limit", into.limit, "NUMBER",
      "rows of a table at most (default: what the terminal has)", group);
}

void add_top_flags(CLI::App& command, flag_texts& output, top_texts& into) {
  add(command, "--agent", into.agent, "IP:PORT", "where it listens (default: 127.0.0.1:9912)",
      "Which agent");
  add_interval_flags(command, "-n,--count", into);
  add_output_flags(command, output);
}

bool read_interval(const top_texts& texts, std::chrono::milliseconds& interval,
                   std::string& error) {
  if (texts.interval.empty())
    return true;
  double seconds = 0;
  const auto* end = texts.interval.data() + texts.interval.size();
  const auto [rest, failure] = std::from_chars(texts.interval.data(), end, seconds);
  if (failure != std::errc{} || rest != end || !(seconds >= shortest_interval_s)
      || seconds > longest_interval_s) {
    error =
        fmt::format("--interval '{}': write seconds from {} to {}",
                    escape_for_terminal(texts.interval), shortest_interval_s, longest_interval_s);
    return false;
  }
  interval = std::chrono::milliseconds{static_cast<int64_t>(seconds * 1e3)};
  return true;
}

bool read_count(const top_texts& texts, std::optional<uint64_t>& count, std::string& error) {
  if (texts.count.empty()) {
    if (texts.once)
      count = 1;
    return true;
  }
  count = parse_number(texts.count);
  if (!count || *count == 0) {
    error = fmt::format("--count '{}': write a number from 1 upwards",
                        escape_for_terminal(texts.count));
    return false;
  }
  if (texts.once && *count != 1) {
    error = fmt::format("--once and --count {} say different things; write one of them", *count);
    return false;
  }
  return true;
}

std::optional<top_actors_request> read_top_actors(const flag_texts& output, const top_texts& texts,
                                                  std::string& error) {
  top_actors_request request;
  auto options = read_output(output, infos_of(top_actor_fields()), error);
  if (!options || !read_timeout(output, request.timeout, error))
    return std::nullopt;
  request.output = std::move(*options);
  if (!texts.agent.empty())
    request.agent = texts.agent;
  if (const auto where = parse_listen_address(request.agent); !where || where->port() == 0) {
    error = fmt::format("--agent '{}': write IP:PORT, like 127.0.0.1:9912",
                        escape_for_terminal(texts.agent));
    return std::nullopt;
  }
  if (!read_interval(texts, request.interval, error) || !read_count(texts, request.count, error))
    return std::nullopt;
  return request;
}

} // namespace troupe
