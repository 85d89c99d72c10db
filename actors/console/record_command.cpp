// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the command starts the actors.

#include "actors/console/endpoint_check.hpp"
#include "actors/console/factories.hpp"
#include "actors/console/log_setup.hpp"
#include "actors/console/loss_report.hpp"
#include "actors/console/machine_check.hpp"
#include "actors/console/real_commands.hpp"
#include "actors/console/recording_factories.hpp"
#include "actors/console/troupe_run.hpp"
#include "actors/host/node_info.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <unistd.h>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds patience{10'000};
/// The recorder gets a second for the last records.
constexpr milliseconds end_timeout{1'800};

void tell(const output_streams& streams, std::string_view line) {
  say(streams.err, fmt::format("troupe record: {}", line));
}

/// Asked before anything is loaded.
std::string check_file(const std::string& path, const output_streams& streams) {
  if (path == "-" && ::isatty(streams.out) != 0)
    return "a recording is not for a terminal: write -o FILE, or pipe it somewhere";
  if (path == "-")
    return {};
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fmt::format("cannot write {}: {}; choose another file with -o", path,
                       std::strerror(errno));
  ::close(fd);
  return {};
}

/// What the recorder's thread says at its end.
class recording_end {
public:
  explicit recording_end(const stop_signals& stop) : stop_(stop) {}

  void set(const recorder_status& status) {
    const std::lock_guard lock{mutex_};
    status_ = status;
    if (!status.error.empty())
      stop_.wake_up();
  }

  [[nodiscard]] std::optional<recorder_status> get() const {
    const std::lock_guard lock{mutex_};
    return status_;
  }

private:
  const stop_signals& stop_;
  mutable std::mutex mutex_;
  std::optional<recorder_status> status_;
};

std::string describe_size(uint64_t bytes) {
  if (bytes < 10'000)
    return fmt::format("{} bytes", bytes);
  return bytes < 10'000'000 ? fmt::format("{} kB", bytes / 1'000)
                            : fmt::format("{} MB", bytes / 1'000'000);
}

/// Waits for the end; what was lost until then, or the exit code of a recording that failed.
struct watched {
  int code = exit_done;
  std::vector<loss_count> losses;
};

watched watch(const record_request& request, const output_streams& streams,
              const stop_signals& stop, troupe_run& run) {
  const auto deadline =
      request.timeout ? std::optional{steady_clock::now() + *request.timeout} : std::nullopt;
  switch (run.wait_until_ready(patience)) {
    case troupe_run::readiness::stopped:
      return {};
    case troupe_run::readiness::failed:
      break; // Below.
    case troupe_run::readiness::late:
      tell(streams, "it is not ready after 10 s; it goes on trying");
      [[fallthrough]];
    case troupe_run::readiness::ready:
      tell(streams, fmt::format("recording to {}; Ctrl-C ends", request.path));
      static_cast<void>(stop.wait(deadline));
      break;
  }
  watched result;
  if (const auto reader = run.reader())
    result.losses = reader->losses;
  if (const auto failure = run.failure()) {
    tell(streams, error_text(*failure));
    result.code = is(*failure, ec::kernel_unsupported) ? exit_unsupported : exit_error;
  }
  return result;
}

int report(const record_request& request, const output_streams& streams, const watched& seen,
           const std::optional<recorder_status>& end) {
  if (!end) {
    tell(streams,
         fmt::format("{} was not ended: it is good up to its last whole frame", request.path));
    return exit_error;
  }
  tell(streams, fmt::format("{} records of {} cgroups, {} in {} file{}", end->records, end->cgroups,
                            describe_size(end->bytes), end->files, end->files == 1 ? "" : "s"));
  if (!end->error.empty()) {
    tell(streams, end->error + "; what was written before can be replayed");
    return exit_error;
  }
  if (seen.code != exit_done || seen.losses.empty())
    return seen.code;
  tell(streams, describe_losses(losses_since({}, seen.losses)));
  return request.allow_loss ? exit_done : exit_lost;
}

} // namespace

int run_record_command(const record_request& request, const output_streams& streams) {
  set_up_log(request.config, "warn");
  auto config = request.config.agent;
  config.l7_turns = false; // A replay shows each request.
  config.nat = false;      // The recorder stands before the host, and keeps no translations.
  const auto machine = check_machine(config);
  if (const auto obstacle = describe_obstacle(machine); !obstacle.empty()) {
    tell(streams, obstacle);
    return exit_unsupported;
  }
  auto error = check_endpoint(config.listen);
  if (error.empty())
    error = check_file(request.path, streams);
  if (!error.empty()) {
    tell(streams, error);
    return exit_error;
  }
  const stop_signals stop;
  recording_end end{stop};
  recorder_options options;
  options.path = request.path == "-" ? "/dev/stdout" : request.path;
  options.limits = {request.file_bytes_max, request.files_kept};
  options.agent_version = TROUPE_VERSION;
  options.node = read_node_info(config.host_root);
  options.on_end = [&end](const recorder_status& status) {
    end.set(status);
  };
  auto factories = make_factories(config, *machine.hierarchy);
  add_recorder(factories, config, *machine.hierarchy, options, request.metadata);
  if (!config.listen.empty())
    add_exporter(factories, config);
  std::optional<troupe_run> run{std::in_place, std::move(factories), stop};
  const auto seen = watch(request, streams, stop, *run);
  const end_by_force bound{end_timeout, exit_error};
  run.reset(); // The recorder writes the last records.
  return report(request, streams, seen, end.get());
}

} // namespace troupe
