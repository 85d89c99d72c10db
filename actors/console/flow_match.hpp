// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds of each flow the container at its other end: what one container dialled and another one
// accepted is one thing, seen twice.

#include "messages/snapshot.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// One side of what two ends have with each other.
struct seen_flow {
  std::string container_id; ///< who saw it
  const flow_stats* stats = nullptr;
  std::vector<size_t> others; ///< the same, seen from the other end: indexes; empty: not seen
};

/// Every flow of the containers that have a name, in the order of names. The snapshots must outlive
/// it. An outbound flow has several others where an address stands for several servers (a service);
/// an inbound one where several clients share an address.
///
/// Both ends are the same where both addresses are, and the clients' ports do not say otherwise
/// (127.0.0.1 is another machine in every network namespace); or where one address is, the other
/// one was translated, and the clients' ports agree.
[[nodiscard]] std::vector<seen_flow>
match_flows(const std::vector<container_snapshot_ptr>& snapshots);

/// Whether the two samples of flow_stats::client_ports can be of the same connections.
enum class port_verdict { same, different, unclear };
[[nodiscard]] port_verdict compare_ports(const std::vector<uint16_t>& one,
                                         const std::vector<uint16_t>& other);

/// "10.0.0.1" of "10.0.0.1:80", "fd00::1" of "[fd00::1]:80".
[[nodiscard]] std::string_view ip_of(std::string_view endpoint);

/// What is known of addresses from elsewhere.
struct graph_names {
  std::set<std::string> machine;                       ///< IPs of this machine
  std::map<std::string, std::string, std::less<>> dns; ///< names by IP
  /// Ids of the containers that a runtime gave an IP to; a pod's containers share one.
  std::multimap<std::string, std::string, std::less<>> containers = {};
};

/// Addresses that belong to one container alone; those of the machine several share.
class address_book {
public:
  address_book(const std::vector<seen_flow>& flows, const graph_names& names);

  /// The container's id; empty where none or several are known.
  [[nodiscard]] std::string_view container_at(std::string_view ip) const;
  [[nodiscard]] bool is_of_machine(std::string_view ip) const;

private:
  void note(const std::string& ip, const std::string& container_id);

  std::map<std::string, std::string, std::less<>> owners_; ///< empty: several
  const graph_names& names_;
};

} // namespace troupe
