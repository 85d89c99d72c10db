// SPDX-License-Identifier: Apache-2.0
#pragma once

// An agent with everything but its machine: the real actors on the real scheduler, with the
// endpoint and a console. A recording made by the generator is its kernel; its host and its
// runtimes know what the generator made.

#include "actors/bpf_reader/bpf_reader.hpp"
#include "actors/console/event_fields.hpp"
#include "actors/console/factories.hpp"
#include "actors/console/troupe_run.hpp"
#include "actors/recorder/generator.hpp"
#include "actors/recorder/recording_writer.hpp"
#include "actors/recorder/replay_source.hpp"
#include "tests/exporter/http_client.hpp"
#include "tests/recorder/temporary_folder.hpp"

#include <caf/send.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace troupe {

inline host_actor::behavior_type generated_host(host_actor::pointer /*self*/,
                                                const std::vector<cgroup_found>& cgroups) {
  return {
      [](const get_node_info&) {
        return node_info{"stress", "6.18", "", ""};
      },
      [cgroups](const scan_cgroups&) {
        return cgroup_listing{cgroups, true};
      },
      [](const cgroup_unknown&) -> caf::result<cgroup_found> {
        return make_error(ec::unknown_cgroup, "the generator tells of all");
      },
  };
}

inline constexpr size_t id_digits = 64;

/// The n-th container's. With few names a container that replaces another one has the name of one
/// that was there, or of one that still is: they are one then.
inline std::string name_of(uint64_t number, uint64_t names) {
  return "web-" + std::to_string(number % names);
}

/// Answers half of the questions later, in another order.
inline runtime_metadata_actor::behavior_type generated_runtime(runtime_metadata_actor::pointer self,
                                                               uint64_t names) {
  return {
      [self, names](const resolve_container& x, const metadata_sink_actor& sink) {
        const auto number =
            std::strtoull(x.identity.id.substr(x.identity.id.size() - 8).c_str(), nullptr, 16);
        auto metadata = generator::metadata_of(x.identity.id);
        metadata.name = name_of(number, names);
        if (number % 2 == 0)
          self->send(sink, container_resolved{x.key, std::move(metadata), false});
        else
          self->delayed_send(sink, std::chrono::milliseconds{number % 20},
                             container_resolved{x.key, std::move(metadata), false});
      },
      [](const abandon_container&) {},
      [](const list_all&) { return runtime_listing{}; },
      [](const get_status&) { return std::vector<runtime_status>(1); },
  };
}

/// What a recording tells of, as its maker knows it.
struct recording_truth {
  uint64_t records = 0;
  uint64_t connects = 0;
  uint64_t bytes_sent = 0;
  uint64_t restarts = 0;
  std::set<std::string> left; ///< ids of containers that are there at the end
};

/// Follows what the records say of cgroups.
inline void follow_cgroups(std::set<cgroup_id>& cgroups, const std::vector<std::byte>& records) {
  for (size_t at = 0; at < records.size();) {
    event_header header{};
    std::memcpy(&header, records.data() + at, sizeof(header));
    if (header.kind == EVENT_CGROUP_CREATED)
      cgroups.insert(header.cgroup_id);
    if (header.kind == EVENT_CGROUP_REMOVED)
      cgroups.erase(header.cgroup_id);
    at += header.size;
  }
}

inline recording_truth write_recording(const std::string& path, const generator_options& options,
                                       uint64_t names) {
  generator made{options};
  std::set<cgroup_id> cgroups;
  for (const auto& x : made.cgroups())
    if (x.path.size() > id_digits)
      cgroups.insert(x.id);
  const auto first = *cgroups.begin();
  recording_writer out;
  REQUIRE(out.open(path, {}, {}).empty());
  for (bool more = true; more;) {
    std::vector<std::byte> records;
    more = made.next(records, 200'000);
    follow_cgroups(cgroups, records);
    REQUIRE(out.write(frame_kind::records, records).empty());
  }
  REQUIRE(out.finish().empty());
  const auto containers = made.containers_made();
  recording_truth result{made.records_made(),
                         made.connects(),
                         made.bytes_sent(),
                         containers - std::min(containers, names),
                         {}};
  for (const auto id : cgroups)
    result.left.insert("/docker/" + name_of(id - first, names));
  return result;
}

class stress_world {
public:
  explicit stress_world(const generator_options& options, uint64_t names = UINT64_MAX)
      : made_(options), names_(names) {
    const auto recording = folder_.file("recording");
    truth = write_recording(recording, options, names);
    config.listen = "127.0.0.1:" + std::to_string(port);
    config.tick_interval = std::chrono::seconds{1};
    config.drain_interval = std::chrono::milliseconds{1};
    config.pending_bytes_max = 1U << 30;            // Nothing is dropped: the counts are exact.
    config.retire_after = std::chrono::minutes{10}; // Nobody goes before he is counted.
    config.trace = trace_tcp;
    config.nat = false;                               // Nobody to ask.
    config.scrape_timeout = std::chrono::seconds{20}; // Slow machines are no failures.
    recording_ = recording;
  }
  ~stress_world() {
    stop();
    close(nowhere_);
  }
  stress_world(const stress_world&) = delete;
  stress_world& operator=(const stress_world&) = delete;

  void start() {
    REQUIRE(nowhere_ >= 0);
    run_ = std::make_unique<troupe_run>(factories(), stop_);
  }
  void stop() { run_.reset(); }

  [[nodiscard]] troupe_run& run() { return *run_; }

  /// Ends the actor that was spawned last under this name with an error.
  void fail(const std::string& name) {
    const std::lock_guard lock{mutex_};
    caf::anon_send_exit(spawned_[name], caf::exit_reason::unhandled_exception);
  }

  settings config;
  recording_truth truth;
  const uint16_t port = free_port();
  std::atomic<uint64_t> replayed{0}; ///< records of whole replays

private:
  /// Remembers whom the factory made, without keeping it alive.
  template <class Factory>
  auto note(const std::string& name, Factory make) {
    return [this, name, make = std::move(make)](auto&... arguments) {
      auto handle = make(arguments...);
      const std::lock_guard lock{mutex_};
      spawned_[name] = handle.address();
      return handle;
    };
  }

  std::unique_ptr<event_source> open() {
    recording_reader in;
    if (!in.open(recording_).empty())
      return nullptr;
    replay_listener listener;
    listener.cgroups = [](std::vector<cgroup_found>&&) {
    };
    listener.metadata = [](recorded_metadata&&) {
    };
    listener.finished = [this](const replay_progress& x) {
      replayed += x.records;
    };
    return std::make_unique<replay_source>(std::move(in), replay_source::no_pace,
                                           std::move(listener));
  }

  troupe_factories factories() {
    auto result = make_factories(config, {});
    result.host = note("host", [cgroups = made_.cgroups()](caf::actor_system& system) {
      return system.spawn<caf::detached>(generated_host, cgroups);
    });
    result.runtime_metadata = note("runtime_metadata", [names = names_](caf::actor_system& system) {
      return system.spawn(generated_runtime, names);
    });
    result.registry = note("registry", std::move(result.registry));
    result.bpf_reader =
        note("bpf_reader", [this](caf::actor_system& system, const registry_actor& registry) {
          const event_source_factory source = [this] {
            return open();
          };
          return system.spawn<caf::detached>(bpf_reader_of, config, source, registry);
        });
    add_exporter(result, config);
    result.exporter = note("exporter", std::move(result.exporter));
    stream_options shown;
    shown.kind = trace_kind::tcp;
    shown.output.format = output_format::json;
    shown.output.fields = {0, 1, 2};
    add_console(result, shown, nowhere_);
    return result;
  }

  temporary_folder folder_;
  generator made_;
  uint64_t names_;
  std::string recording_;
  int nowhere_ = open_nowhere();
  stop_signals stop_;
  std::mutex mutex_;
  std::map<std::string, caf::actor_addr> spawned_;
  std::unique_ptr<troupe_run> run_; ///< ends first: its actors use the others

  static int open_nowhere() { return ::open("/dev/null", O_WRONLY | O_CLOEXEC); }
};

} // namespace troupe
