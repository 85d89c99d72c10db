// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "actors/bpf_reader/event_source.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace troupe {

/// Another source, with a copy of all its records handed on in chunks. Never waits for whoever
/// takes them: what is not taken at once is dropped and counted.
class recording_source final : public event_source {
public:
  /// Takes a chunk of whole records, or refuses it.
  using chunk_sink = std::function<bool(std::vector<std::byte>&& records)>;
  /// Takes all losses so far, whenever there are more of them.
  using loss_sink = std::function<void(const std::vector<loss_count>& losses)>;

  recording_source(std::unique_ptr<event_source> inner, chunk_sink chunks, loss_sink losses);
  ~recording_source() override;

  [[nodiscard]] bool live() const override { return inner_->live(); }
  void poll(std::chrono::milliseconds wait, record_sink& sink) override;
  bool walk_processes(record_sink& sink) override;
  void scan_sockets(record_sink& sink) override;
  void walk_sockets(record_sink& sink) override;
  void set_ignored(cgroup_id cgroup, bool ignored) override;
  [[nodiscard]] std::vector<feature_status> features() const override;
  [[nodiscard]] std::vector<loss_count> losses() override;
  [[nodiscard]] bool lost_lifecycle() override;
  [[nodiscard]] std::vector<map_usage> map_usages() override;

private:
  class tee;

  void keep(const event_header& record);
  void hand_on();
  void report_losses();

  std::unique_ptr<event_source> inner_;
  chunk_sink chunks_;
  loss_sink losses_;
  uint64_t reported_ = 0;
  std::vector<std::byte> chunk_;
  uint64_t chunk_records_ = 0;
  uint64_t dropped_ = 0;
};

} // namespace troupe
