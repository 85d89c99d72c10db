// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/host/cilium_maps.hpp"
#include "actors/host/conntrack_socket.hpp"
#include "actors/host/nat_sources.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

namespace troupe {

/// This machine's conntrack and Cilium. It enters network namespaces with the calling thread and
/// comes back: use it in one thread, whose own namespace matters to nobody meanwhile.
class kernel_nat_sources final : public nat_sources {
public:
  explicit kernel_nat_sources(std::string host_root);
  ~kernel_nat_sources() override;
  kernel_nat_sources(const kernel_nat_sources&) = delete;
  kernel_nat_sources& operator=(const kernel_nat_sources&) = delete;

  std::vector<nat_hop> path_of(uint32_t pid, uint64_t start_boottime_ns) override;
  nat_hop machine() override { return machine_; }
  bool follow(const nat_hop& where, std::span<nat_flow> flows) override;
  std::optional<nat_address> dialled_by(uint64_t socket_cookie, const nat_flow& flow) override;
  std::optional<nat_address> backend_of(const nat_flow& flow) override;

  bool has_conntrack();
  bool has_cilium();
  /// Why conntrack cannot be asked in the machine's own namespace; empty when it can be. To be
  /// asked only where there is conntrack.
  std::string obstacle();

private:
  using clock = std::chrono::steady_clock;

  std::unique_ptr<conntrack_socket> open_in(const nat_hop& where, std::string& error);
  std::vector<nat_hop> ancestors_of(const nat_hop& first, uint32_t parent);
  conntrack_socket* of_machine(std::string& error);
  bool follow_in_machine(std::span<nat_flow> flows);
  cilium_maps* cilium_for(const nat_flow& flow);
  void look_for_cilium();

  std::string host_root_;
  int own_ = -1; ///< the namespace of our thread
  uint64_t own_namespace_ = 0;
  nat_hop machine_;
  bool lost_ = false; ///< could not come back: enters no other one again
  std::unique_ptr<conntrack_socket> of_machine_;
  clock::time_point refused_until_{}; ///< not tried before
  bool refusal_told_ = false;
  /// Namespaces without conntrack, and until when that is believed. No socket is kept for others:
  /// it would keep the namespace of a container that is gone.
  std::unordered_map<uint64_t, clock::time_point> quiet_;
  /// Behind a namespace, by its inode: what belongs to the ancestors of its processes.
  struct way_out {
    std::vector<nat_hop> hops;
    clock::time_point until{};
  };
  std::unordered_map<uint64_t, way_out> ways_out_;
  bool loaded_ = false;
  clock::time_point loaded_checked_{};
  cilium_maps cilium4_;
  cilium_maps cilium6_;
  clock::time_point cilium_checked_{};
};

} // namespace troupe
