// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counts the TCP connections of one container, each exactly once, from records that may be lost,
// late or repeated.
//
// Every connection remembers what it has added to its series. So a record is always an observation
// ("it has sent 900 bytes so far"), never an increment: what was counted already is not counted
// again, and the totals of a lost record come with the next one. Ended connections are remembered
// for a while, so that a late record does not count them a second time.

#include "actors/container/address_names.hpp"
#include "actors/container/connection_table.hpp"
#include "actors/container/series_table.hpp"
#include "actors/container/translations.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

struct container_options {
  uint32_t destinations_max = 512; ///< outbound series, and as many inbound ones
  port_range ephemeral = {};
  uint32_t domains_max = 256; ///< names that DNS is asked for, and that stand for addresses
  uint8_t trace = 0;          ///< trace_mask
  uint32_t l7_off = 0;        ///< protocols that are not wanted: a bit for each, by its number
  /// Patterns of container ids: nothing of what these say is wanted. Null: of nobody.
  std::shared_ptr<const std::vector<std::string>> l7_off_containers{};
};

/// The iterator repeats every live connection at least at each sixth tick; one that missed three
/// rounds is gone and its close was lost.
inline constexpr uint32_t aged_after_ticks = 18;
/// For so long an aged connection may come back without being counted as a new one.
inline constexpr uint32_t aged_kept_ticks = 720;
/// Ended connections are remembered for two ticks; where others end meanwhile, for a second of the
/// kernel's clock, and so many of them. Records of one connection come late by milliseconds, and a
/// table no larger than that needs is what the caches can hold.
inline constexpr uint32_t ended_kept_ticks = 2;
inline constexpr uint64_t ended_kept_ns = 1'000'000'000;
inline constexpr size_t ended_kept_max = 2048;
/// Connections known at once: 32 MB at most. Those beyond are counted when they close.
inline constexpr size_t connections_max = size_t{1} << 18;

class connection_ledger {
public:
  explicit connection_ledger(const container_options& options,
                             std::shared_ptr<const address_names> names = nullptr)
      : options_(options), names_(std::move(names)) {}

  // Each takes one record; false when it said nothing new: a repetition, or too late. `known` is
  // null for a connection that goes where it says.
  bool opened(const tcp_connection& record, const translation* known = nullptr);
  bool connect_failed(const tcp_connection_totals& record, const translation* known = nullptr);
  bool closed(const tcp_connection_totals& record, const translation* known = nullptr);
  bool progress(const tcp_connection_totals& record, const translation* known = nullptr);

  /// Whether it was heard of, and not too long ago.
  [[nodiscard]] bool knows(uint64_t cookie) const { return connections_.contains(cookie); }

  /// Drops what is too old.
  void tick();

  /// Takes over the counts and the connections of a ledger that saw the same container. A
  /// connection that both saw counts once.
  void absorb(connection_ledger&& other);

  [[nodiscard]] const std::vector<outbound_series>& outbound() const { return outbound_.all(); }
  [[nodiscard]] const std::vector<inbound_series>& inbound() const { return inbound_.all(); }
  /// Connections that went to "~other".
  [[nodiscard]] uint64_t overflow() const { return overflow_; }

private:
  uint32_t find_series(const tcp_connection& record, const translation* known);
  connection& begin(const tcp_connection& record, const translation* known);
  void count_connect(connection& c, uint64_t connect_ns);
  void count_totals(connection& c, const tcp_connection_totals& record);
  void raise_totals(connection& c, uint64_t sent, uint64_t received, uint32_t retransmits);
  void restart_totals(connection& c);
  void count_reset(connection& c);
  void refresh(connection& c);
  void leave(connection& c, connection_phase phase);
  void end(connection& c, connection_phase phase, uint64_t time_ns);
  void forget_ended(size_t keep, uint64_t ended_before_ns = 0);
  void finish(connection& c, const tcp_connection_totals& record);

  void absorb_known(connection& mine, connection& theirs, connection_ledger& other);
  void absorb_series(const connection_ledger& other, std::vector<connection>& moved);
  void take_back(const connection& c);

  template <class Function>
  void with_stats(const connection& c, Function&& function) {
    if (c.inbound)
      function(inbound_[c.series].stats);
    else
      function(outbound_[c.series].stats);
  }

  container_options options_;
  std::shared_ptr<const address_names> names_; ///< null: addresses have none
  uint32_t tick_ = 0;
  bool progress_seen_ = false; ///< the iterator runs on this machine
  uint64_t overflow_ = 0;
  connection_table connections_;
  outbound_table outbound_;
  inbound_table inbound_;
  struct end_mark {
    uint64_t cookie = 0;
    uint64_t ended_ns = 0;
  };
  std::deque<end_mark> ended_; ///< ended and failed connections, oldest first
  connection untracked_;       ///< stands in for a connection that the table has no room for
};

} // namespace troupe
