// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/bpf_reader/bpf_objects.hpp"
#include "actors/bpf_reader/event_ring.hpp"
#include "actors/bpf_reader/event_source.hpp"
#include "actors/bpf_reader/loss_counters.hpp"

#include <memory>
#include <string_view>

namespace troupe {

/// The running kernel. Everything is attached when the constructor returns, and detached by the
/// destructor.
class kernel_source final : public event_source {
public:
  explicit kernel_source(const kernel_options& options);

  void poll(std::chrono::milliseconds wait, record_sink& sink) override;
  bool walk_processes(record_sink& sink) override;
  void scan_sockets(record_sink& sink) override;
  void walk_sockets(record_sink& sink) override;
  void set_ignored(cgroup_id cgroup, bool ignored) override;
  void set_uncaptured(cgroup_id cgroup) override;
  void set_verdict(uint64_t socket_cookie, const l7_verdict& verdict) override;
  void forget_verdict(uint64_t socket_cookie) override;
  [[nodiscard]] std::vector<feature_status> features() const override;
  [[nodiscard]] std::vector<loss_count> losses() override;
  [[nodiscard]] bool lost_lifecycle() override;
  [[nodiscard]] std::vector<map_usage> map_usages() override;

  /// For tests of the programs: maps and programs as they are in the kernel.
  [[nodiscard]] const bpf_objects& objects() const { return objects_; }

private:
  bool walk(std::string_view feature, record_sink& sink);

  bpf_objects objects_;
  event_ring ring_;
  loss_counters losses_;
  int verdicts_fd_ = -1;   ///< -1 where nothing is captured
  bool left_over_ = false; ///< the last poll() ended before the ring was empty
};

/// The running kernel, or null where it takes none of our programs; the log says why.
std::unique_ptr<event_source> open_kernel(const kernel_options& options);

} // namespace troupe
