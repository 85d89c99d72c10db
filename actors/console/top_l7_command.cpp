// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command starts the actors.

#include "actors/console/factories.hpp"
#include "actors/console/live_table.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/look_run.hpp"
#include "actors/console/machine_check.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/time_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr milliseconds end_timeout{1'200};

class l7_tables {
public:
  l7_tables(const top_l7_request& request, const output_streams& streams, const stop_signals& stop,
            look_run& run)
      : request_(request),
        streams_(streams),
        stop_(stop),
        run_(run),
        table_(streams.out, !request.output.is_structured() && request.count != 1) {}

  int run() {
    if (const auto code = run_.start())
      return *code;
    if (!run_.introduce("; Ctrl-C ends"))
      return run_.finish(request_.allow_loss);
    const auto end = request_.timeout ? steady_clock::now() + *request_.timeout
                                      : steady_clock::time_point::max();
    auto before = sample();
    table_.begin();
    auto result = write_result::ok;
    auto due = steady_clock::now();
    for (uint64_t shown = 0; result == write_result::ok && shown != count(); ++shown) {
      due += request_.interval; // From one to the next: what a table takes does not add up.
      if (stop_.wait(std::min(end, due)) != stop_signals::cause::deadline
          || steady_clock::now() >= end)
        break;
      auto now = sample();
      result = show(l7_rows_between(before, now, unix_now_ns(), request_.order));
      before = std::move(now);
    }
    return finish(table_.end(result));
  }

private:
  [[nodiscard]] uint64_t count() const {
    return request_.count.value_or(std::numeric_limits<uint64_t>::max());
  }

  l7_sample sample() {
    const auto snapshots = run_.snapshots();
    const auto taken = nanoseconds{steady_clock::now().time_since_epoch()}.count();
    return read_l7(snapshots, request_.choice, find_names(snapshots), static_cast<uint64_t>(taken));
  }

  [[nodiscard]] write_result show(const std::vector<l7_top_row>& rows) {
    const auto rows_max =
        std::min<size_t>(request_.limit.value_or(table_.rows_max()), table_.rows_max());
    return table_.show(render_l7_top(rows, request_.output, table_.terminal(), rows_max));
  }

  [[nodiscard]] int finish(write_result result) {
    const int code = run_.finish(request_.allow_loss);
    if (result != write_result::failed)
      return code;
    say(streams_.err, "troupe top l7: cannot write to stdout");
    return exit_error;
  }

  const top_l7_request& request_;
  const output_streams& streams_;
  const stop_signals& stop_;
  look_run& run_;
  live_table table_;
};

} // namespace

int run_top_l7_command(const top_l7_request& request, const output_streams& streams) {
  set_up_log(request.config, "warn");
  const auto config = look_settings(request.config.agent, true);
  const auto machine = check_machine(config);
  if (const auto obstacle = describe_obstacle(machine); !obstacle.empty()) {
    say(streams.err, fmt::format("troupe top l7: {}", obstacle));
    return exit_unsupported;
  }
  stop_signals stop;
  stop.watch_reader(streams.out);
  std::optional<end_by_force> bound;
  look_run run{"top l7", streams, stop, request.choice.scope,
               make_factories(config, *machine.hierarchy)};
  const int code = l7_tables{request, streams, stop, run}.run();
  bound.emplace(end_timeout, code);
  return code;
}

} // namespace troupe
