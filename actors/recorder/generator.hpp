// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes recordings of any size without a kernel: for benchmarks, soaks and demonstrations.

#include "bpf/event.h"
#include "messages/container_metadata.hpp"
#include "messages/host.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// What the records tell of, beside containers that are replaced.
enum class generated_load : uint8_t {
  connections, ///< that open and close, all outbound
  progress,    ///< the totals of connections that were opened in the beginning
  processes,   ///< fork, exec, exit, one after the other in each container
  requests,    ///< of HTTP, and their answers, on connections that were opened in the beginning
  cgroups,     ///< nothing but containers that are replaced, without a connection
};

struct generator_options {
  generated_load load = generated_load::connections;
  uint32_t containers = 10;             ///< that are there at a time
  uint32_t connections_open = 100;      ///< of each container at a time
  uint32_t destinations = 20;           ///< each container talks to
  uint64_t records = 1'000'000;         ///< in all, about
  uint32_t events_per_second = 100'000; ///< sets the records' times
  uint32_t churn_per_second = 0;        ///< containers replaced by new ones
};

/// A deterministic stream: the same options make the same bytes.
class generator {
public:
  /// The time of the first record.
  static constexpr uint64_t started_boottime_ns = 1'000'000'000;

  explicit generator(const generator_options& options);

  /// The cgroups that are there at the beginning, with the metadata of their containers.
  [[nodiscard]] std::vector<cgroup_found> cgroups() const;

  /// What a runtime would say of the container of a cgroup path made here.
  [[nodiscard]] static container_metadata metadata_of(const std::string& runtime_id);

  /// The runtime id of the n-th container.
  [[nodiscard]] static std::string runtime_id(uint64_t n);

  /// Appends about so many bytes of records; false when all were made.
  bool next(std::vector<std::byte>& to, size_t bytes);

  /// Containers that came and went in what next() gave since the last call.
  struct change {
    uint64_t container = 0;
    bool removed = false;
  };
  [[nodiscard]] std::vector<change> take_changes() { return std::exchange(changes_, {}); }

  /// How many containers were made so far, those at the beginning included.
  [[nodiscard]] uint64_t containers_made() const { return containers_made_; }
  [[nodiscard]] uint64_t records_made() const { return records_made_; }
  /// Truth to compare with: connections opened outbound, and bytes sent by those closed.
  [[nodiscard]] uint64_t connects() const { return connects_; }
  [[nodiscard]] uint64_t bytes_sent() const { return bytes_sent_; }
  /// Requests that were answered.
  [[nodiscard]] uint64_t answers() const { return answers_; }

private:
  struct slot {
    uint64_t container = 0; ///< its number; its cgroup id follows from it
    uint32_t next_connection = 0;
    std::vector<uint64_t> cookies; ///< open connections; 0: free
    uint32_t process = 0;          ///< that lives now; 0: none
    uint64_t process_start_ns = 0;
    bool executed = false;
  };

  template <class Record>
  void put(std::vector<std::byte>& to, const Record& record);
  void put_cgroup(std::vector<std::byte>& to, const slot& x, event_kind kind);
  tcp_connection connection(const slot& x, uint64_t cookie, event_kind kind, size_t size) const;
  void open(std::vector<std::byte>& to, slot& x, uint64_t& cookie);
  void close(std::vector<std::byte>& to, slot& x, uint64_t& cookie);
  void progress(std::vector<std::byte>& to, const slot& x, uint64_t cookie);
  void say(std::vector<std::byte>& to, const slot& x, uint64_t cookie);
  void step_connection(std::vector<std::byte>& to, slot& x);
  event_header process_header(const slot& x, event_kind kind, size_t size) const;
  void fork(std::vector<std::byte>& to, slot& x);
  void execute(std::vector<std::byte>& to, slot& x);
  void exit(std::vector<std::byte>& to, slot& x);
  void step_process(std::vector<std::byte>& to, slot& x);
  void replace(std::vector<std::byte>& to, slot& x);

  generator_options options_;
  std::vector<slot> slots_;
  size_t at_ = 0;
  uint64_t time_ns_ = 0;
  uint64_t step_ns_ = 0;
  uint64_t next_churn_ns_ = 0;
  uint64_t next_cookie_ = 1;
  uint32_t processes_made_ = 0;
  std::vector<change> changes_;
  uint64_t containers_made_ = 0;
  uint64_t records_made_ = 0;
  uint64_t connects_ = 0;
  uint64_t bytes_sent_ = 0;
  uint64_t answers_ = 0;
};

} // namespace troupe
