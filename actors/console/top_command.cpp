// SPDX-License-Identifier: Apache-2.0
#include "actors/console/live_table.hpp"
#include "actors/console/loopback_http.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/stop_signals.hpp"
#include "actors/console/time_format.hpp"

#include <algorithm>
#include <limits>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds answer_timeout{2'000};

class top_run {
public:
  top_run(const top_actors_request& request, const output_streams& streams)
      : request_(request), streams_(streams), table_(streams.out, !request.output.is_structured()) {
    stop_.watch_reader(streams.out);
    if (request.timeout)
      end_ = steady_clock::now() + *request.timeout;
  }

  int run() {
    auto before = ask();
    if (before)
      table_.begin();
    auto result = write_result::ok;
    for (uint64_t shown = 0; before && result == write_result::ok && shown != count(); ++shown) {
      const auto until = std::min(end_, steady_clock::now() + request_.interval);
      if (stop_.wait(until) != stop_signals::cause::deadline || steady_clock::now() >= end_)
        break;
      auto now = ask();
      if (now)
        result = table_.show(render_top(rates_between(*before, *now, unix_now_ns()),
                                        request_.output, table_.terminal(), table_.rows_max()));
      before = std::move(now);
    }
    return finish(table_.end(result), before.has_value());
  }

private:
  [[nodiscard]] uint64_t count() const {
    return request_.count.value_or(std::numeric_limits<uint64_t>::max());
  }

  /// Nothing, and error_ says why.
  std::optional<actors_answer> ask() {
    const auto document = get_from_agent(request_.agent, "/debug/actors?format=json&containers=all",
                                         answer_timeout, answer_bytes_max);
    if (!document.ok) {
      error_ = document.text;
      return std::nullopt;
    }
    auto answer = parse_actors_answer(document.text);
    if (!answer)
      error_ = request_.agent
               + " does not answer as an agent of this version does; look what "
                 "listens there (ss -ltnp)";
    return answer;
  }

  [[nodiscard]] int finish(write_result result, bool answered) {
    if (result == write_result::failed)
      error_ = "cannot write to stdout";
    if (answered && result != write_result::failed)
      return exit_done;
    say(streams_.err, "troupe top actors: " + error_);
    return exit_error;
  }

  const top_actors_request& request_;
  const output_streams& streams_;
  live_table table_;
  stop_signals stop_;
  steady_clock::time_point end_ = steady_clock::time_point::max();
  std::string error_;
};

} // namespace

int run_top_actors_command(const top_actors_request& request, const output_streams& streams) {
  return top_run{request, streams}.run();
}

} // namespace troupe
