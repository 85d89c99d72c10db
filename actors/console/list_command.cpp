// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command asks an actor.

#include "actors/console/asked_runtimes.hpp"
#include "actors/console/container_listing.hpp"
#include "actors/console/field_selection.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/process_cgroups.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/record_writer.hpp"
#include "actors/console/stop_signals.hpp"
#include "actors/console/table.hpp"
#include "actors/console/time_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds poll_interval{1'000};
constexpr milliseconds end_timeout{2'000};

/// Says each line once, until it is no longer so.
class complaints {
public:
  explicit complaints(int fd) : fd_(fd) {}

  void say_new(const std::vector<std::string>& lines) {
    std::set<std::string> now;
    for (const auto& line : lines)
      if (now.insert(line).second && !said_.contains(line))
        say(fd_, "troupe list: " + line);
    said_ = std::move(now);
  }

private:
  int fd_;
  std::set<std::string> said_;
};

std::vector<std::string> ids_of_pids(const list_request& request) {
  std::vector<std::string> ids;
  for (const auto pid : request.scope.pids)
    for (auto& id : container_ids_of(request.config.agent.host_root, pid))
      ids.push_back(std::move(id));
  return ids;
}

std::vector<container_scope> scopes_of(const std::vector<list_row>& rows) {
  std::vector<container_scope> scopes;
  for (const auto& row : rows)
    scopes.push_back(scope_of(row.identity, row.metadata));
  return scopes;
}

/// Why nothing is shown although something was asked for by name.
std::vector<std::string> explain_nothing(const list_request& request,
                                         const std::vector<list_row>& rows) {
  auto lines = explain_missing(request.scope, scopes_of(rows));
  if (lines.empty() && !request.scope.matches_all()) {
    const bool hidden =
        !request.all && !rows_in_scope(rows, request.scope, true, ids_of_pids(request)).empty();
    lines.push_back(fmt::format("no {} container matches {}; {}", hidden ? "running" : "known",
                                request.scope.text(),
                                hidden ? "--all shows those that were created or have exited"
                                       : "'troupe list --all' shows all"));
  }
  return lines;
}

class change_printer {
public:
  change_printer(const output_options& options, int out)
      : options_(options),
        out_(out),
        layout_(columns_of(infos_of(change_fields()), options), terminal_width(out)) {}

  [[nodiscard]] write_result print_header() const {
    return options_.is_structured() || !options_.headers ? write_result::ok
                                                         : write_all(out_, layout_.header());
  }

  [[nodiscard]] write_result print(const std::vector<list_change>& changes) const {
    std::string text;
    for (const auto& x : changes)
      append({x.change, unix_now_ns(), x.row}, text);
    return write_all(out_, text);
  }

private:
  void append(const change_row& row, std::string& text) const {
    const auto& fields = change_fields();
    if (options_.format == output_format::yaml) {
      text += yaml_document(make_record(fields, options_.fields, row));
    } else if (options_.format == output_format::json) {
      append_json(text, make_record(fields, options_.fields, row));
      text += '\n';
    } else {
      text += layout_.line(make_cells(fields, options_.fields, row));
    }
  }

  const output_options& options_;
  int out_;
  table_layout layout_;
};

int end_of(write_result result, const output_streams& streams) {
  if (result == write_result::failed)
    say(streams.err, "troupe list: cannot write to stdout");
  return result == write_result::failed ? exit_error : exit_done;
}

/// The present containers as changes, then every change of them.
int watch(const list_request& request, const output_streams& streams, asked_runtimes& asked,
          const stop_signals& stop) {
  const auto end =
      request.timeout ? steady_clock::now() + *request.timeout : steady_clock::time_point::max();
  const change_printer printer{request.output, streams.out};
  complaints complain{streams.err};
  std::vector<list_row> all;
  std::vector<list_row> before;
  auto result = printer.print_header();
  while (result == write_result::ok) {
    std::string error;
    if (const auto listing = asked.list(error)) {
      complain.say_new(describe_silent(listing->endpoints, request.config.agent));
      all = keep_silent(rows_of(*listing), all, listing->endpoints);
      auto now = rows_in_scope(all, request.scope, request.all, ids_of_pids(request));
      result = printer.print(changes_between(before, now));
      before = std::move(now);
    } else {
      complain.say_new({error});
    }
    const auto until = std::min(end, steady_clock::now() + poll_interval);
    if (result != write_result::ok || stop.wait(until) != stop_signals::cause::deadline
        || steady_clock::now() >= end)
      break;
  }
  return end_of(result, streams);
}

int list_once(const list_request& request, const output_streams& streams, asked_runtimes& asked) {
  std::string error;
  const auto listing = asked.list(error);
  if (!listing) {
    say(streams.err, "troupe list: the runtimes did not answer: " + error);
    return exit_error;
  }
  complaints{streams.err}.say_new(describe_silent(listing->endpoints, request.config.agent));
  if (!any_answered(listing->endpoints)) {
    say(streams.err, "troupe list: no container runtime answers; 'troupe doctor' says more");
    return exit_error;
  }
  const auto rows = rows_of(*listing);
  const auto shown = rows_in_scope(rows, request.scope, request.all, ids_of_pids(request));
  if (shown.empty() && !request.scope.matches_all()) {
    complaints{streams.err}.say_new(explain_nothing(request, rows));
    return exit_error;
  }
  const auto text = render_list(shown, request.output, terminal_width(streams.out));
  return end_of(write_all(streams.out, text), streams);
}

} // namespace

int run_list_command(const list_request& request, const output_streams& streams) {
  set_up_log(request.config, "error");
  auto config = request.config.agent;
  if (request.timeout && !request.watch)
    config.runtime_timeout = std::min(config.runtime_timeout, *request.timeout);
  stop_signals stop;
  stop.watch_reader(streams.out);
  std::optional<end_by_force> bound;
  asked_runtimes asked{config};
  const int code =
      request.watch ? watch(request, streams, asked, stop) : list_once(request, streams, asked);
  bound.emplace(end_timeout, code);
  return code;
}

} // namespace troupe
