// SPDX-License-Identifier: Apache-2.0
#pragma once

// Translators of a test: what is behind which address, in which network namespace.

#include "actors/host/nat_sources.hpp"

#include <arpa/inet.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

inline nat_address address(const std::string& text, uint16_t port) {
  nat_address result;
  if (inet_pton(AF_INET6, text.c_str(), result.ip.data()) != 1) {
    result.ip[10] = result.ip[11] = 0xff;
    inet_pton(AF_INET, text.c_str(), result.ip.data() + 12);
  }
  result.port = port;
  return result;
}

inline nat_question question(uint64_t cookie, const nat_address& from, const nat_address& to,
                             uint32_t pid = 100) {
  nat_question result;
  result.socket_cookie = cookie;
  result.pid = pid;
  result.start_boottime_ns = pid;
  std::memcpy(result.ends.local, from.ip.data(), from.ip.size());
  std::memcpy(result.ends.remote, to.ip.data(), to.ip.size());
  result.ends.local_port = from.port;
  result.ends.remote_port = to.port;
  return result;
}

struct scripted_nat final : nat_sources {
  static constexpr uint64_t host = 1;

  /// Of a namespace: what was dialled, and where it goes.
  std::map<uint64_t, std::vector<std::pair<nat_address, nat_address>>> rules;
  std::map<uint32_t, std::vector<uint64_t>> processes; ///< the namespaces on their way
  std::map<uint64_t, nat_address> dialled;             ///< by cookie
  std::vector<std::pair<nat_address, nat_address>> backends;
  std::vector<uint64_t> entered; ///< namespaces, one for each visit
  size_t followed = 0;           ///< flows
  bool fails = false;

  std::vector<nat_hop> path_of(uint32_t pid, uint64_t start) override {
    const auto found = processes.find(pid);
    if (found == processes.end() || start != pid)
      return {};
    std::vector<nat_hop> result;
    for (const auto inode : found->second)
      result.push_back({inode, pid});
    return result;
  }
  nat_hop machine() override { return {host, 1}; }
  bool follow(const nat_hop& where, std::span<nat_flow> flows) override {
    entered.push_back(where.network_namespace);
    followed += flows.size();
    for (auto& flow : flows)
      for (const auto& [from, to] : rules[where.network_namespace])
        if (from == flow.destination && !fails) {
          flow.destination = to;
          break;
        }
    return !fails;
  }
  std::optional<nat_address> dialled_by(uint64_t cookie, const nat_flow& /*flow*/) override {
    const auto found = dialled.find(cookie);
    return found != dialled.end() ? std::optional{found->second} : std::nullopt;
  }
  std::optional<nat_address> backend_of(const nat_flow& flow) override {
    for (const auto& [from, to] : backends)
      if (from == flow.destination)
        return to;
    return std::nullopt;
  }
};

} // namespace troupe
