// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command starts the actors.

#include "actors/console/endpoint_check.hpp"
#include "actors/console/factories.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/loss_report.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/recording_factories.hpp"
#include "actors/console/replay_report.hpp"
#include "actors/console/troupe_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds poll_interval{5};
/// For batches that are under way when the recording is at its end.
constexpr milliseconds settling_time{5'000};
constexpr milliseconds naming_time{50};
constexpr milliseconds end_timeout{1'800};

/// What the reader's thread says at the recording's end.
class replay_end {
public:
  explicit replay_end(const stop_signals& stop) : stop_(stop) {}

  void set(const replay_progress& progress) {
    const std::lock_guard lock{mutex_};
    progress_ = progress;
    stop_.wake_up();
  }

  [[nodiscard]] std::optional<replay_progress> get() const {
    const std::lock_guard lock{mutex_};
    return progress_;
  }

private:
  const stop_signals& stop_;
  mutable std::mutex mutex_;
  std::optional<replay_progress> progress_;
};

class replaying {
public:
  replaying(const replay_request& request, const output_streams& streams, const stop_signals& stop,
            const replay_end& end, troupe_factories factories)
      : request_(request),
        streams_(streams),
        stop_(stop),
        end_(end),
        run_(std::move(factories), stop) {}

  int run() {
    if (request_.timeout)
      deadline_ = begin_ + *request_.timeout;
    if (!request_.config.agent.listen.empty())
      tell(fmt::format("look at {}", local_metrics_url(request_.config.agent.listen)));
    const auto cause = stop_.wait(deadline_);
    if (run_.failure()) {
      tell("an actor failed, and a recording is read only once: " + error_text(*run_.failure()));
      return exit_error;
    }
    if (cause == stop_signals::cause::signal)
      tell("stopped before the recording's end");
    else
      settle();
    return report();
  }

private:
  void tell(std::string_view line) const {
    say(streams_.err, fmt::format("troupe replay: {}", line));
  }

  /// Waits until every record is with its container, and every container has its name.
  void settle() {
    const auto until = steady_clock::now() + settling_time;
    while (steady_clock::now() < until) {
      const auto reader = run_.reader();
      const auto registry = run_.registry();
      if (reader && reader->pending_bytes == 0 && registry && registry->unnamed == 0)
        return;
      if (stop_.wait(steady_clock::now() + poll_interval) == stop_signals::cause::signal)
        return;
    }
  }

  int report() {
    replay_report result;
    result.containers = run_.snapshots(); // Behind the batches in each mailbox.
    result.seconds = std::chrono::duration<double>(steady_clock::now() - begin_).count();
    if (const auto reader = run_.reader()) {
      result.kinds = reader->events;
      result.losses = reader->losses;
    }
    for (const auto& x : result.kinds)
      result.records += x.count;
    tell(fmt::format("{} records of {} containers in {:.2f} s", result.records,
                     result.containers.size(), result.seconds));
    if (request_.config.agent.listen.empty()) {
      const auto text =
          render_replay(result, request_.format, request_.headers, terminal_width(streams_.out));
      if (write_all(streams_.out, text) == write_result::failed) {
        tell("cannot write to stdout");
        return exit_error;
      }
    } else {
      tell("the recording is at its end; its metrics stay until Ctrl-C");
      static_cast<void>(stop_.wait(deadline_));
    }
    return verdict(result);
  }

  [[nodiscard]] int verdict(const replay_report& result) const {
    const auto end = end_.get();
    if (end && end->invalid_frames > 0)
      tell(fmt::format("{} frames held what cannot be, and were left out from there on",
                       end->invalid_frames));
    if (end && !end->error.empty())
      tell(end->error);
    if (end && (!end->error.empty() || end->invalid_frames > 0))
      return exit_error;
    const auto lost = losses_since({}, result.losses);
    if (lost.empty())
      return exit_done;
    tell(describe_losses(lost));
    return request_.allow_loss ? exit_done : exit_lost;
  }

  const replay_request& request_;
  const output_streams& streams_;
  const stop_signals& stop_;
  const replay_end& end_;
  troupe_run run_;
  const steady_clock::time_point begin_ = steady_clock::now();
  std::optional<steady_clock::time_point> deadline_;
};

} // namespace

int run_replay_command(const replay_request& request, const output_streams& streams) {
  set_up_log(request.config, "warn");
  auto config = request.config.agent;
  config.nat = false; // This machine knows nothing of those connections.
  // Answers lie in the recording or come never: a report does not wait for them.
  if (config.listen.empty())
    config.fallback_name_after = std::min(config.fallback_name_after, naming_time);
  recording_reader recording;
  auto error = recording.open(request.path == "-" ? "/dev/stdin" : request.path);
  if (error.empty())
    error = check_endpoint(config.listen);
  if (!error.empty()) {
    say(streams.err, "troupe replay: " + error);
    return exit_error;
  }
  stop_signals stop;
  if (config.listen.empty())
    stop.watch_reader(streams.out);
  replay_end end{stop};
  auto factories = make_factories(config, {});
  replace_machine(factories, config, std::move(recording), request.speed,
                  [&end](const replay_progress& progress) { end.set(progress); });
  if (!config.listen.empty())
    add_exporter(factories, config);
  std::optional<end_by_force> bound;
  replaying replay{request, streams, stop, end, std::move(factories)};
  const int code = replay.run();
  bound.emplace(end_timeout, code);
  return code;
}

} // namespace troupe
