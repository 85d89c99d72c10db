// SPDX-License-Identifier: Apache-2.0
#include "actors/console/flow_match.hpp"

#include "actors/exporter/listen_address.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace troupe {

namespace {

using ports = std::vector<uint16_t>;
using index = std::map<std::string_view, std::vector<size_t>>;

/// Of a sample that was cut, nothing is known above its last.
uint32_t known_until(const ports& sample) {
  return sample.size() < flow_ports_max ? UINT32_MAX : flow_port_rank(sample.back());
}

bool comes_first(const seen_flow& a, const seen_flow& b) {
  const auto order = [](const seen_flow& x) {
    return std::tie(x.container_id, x.stats->inbound, x.stats->client, x.stats->server);
  };
  return order(a) < order(b);
}

class matching {
public:
  explicit matching(std::vector<seen_flow>& all) : all_(all), explained_(all.size()) {
    for (size_t i = 0; i < all.size(); ++i) {
      if (!all[i].stats->inbound)
        continue;
      by_server_[all[i].stats->server].push_back(i);
      by_client_[all[i].stats->client].push_back(i);
    }
  }

  void run() {
    for (const bool translated : {false, true})
      for (size_t i = 0; i < all_.size(); ++i)
        if (!all_[i].stats->inbound && all_[i].others.empty())
          find(i, translated);
  }

private:
  [[nodiscard]] const std::vector<size_t>& at(const index& by, std::string_view address) const {
    const auto found = by.find(address);
    return found == by.end() ? nobody_ : found->second;
  }

  void find(size_t outbound, bool translated) {
    const auto& wanted = *all_[outbound].stats;
    std::vector<size_t> found;
    std::vector<size_t> unclear;
    const auto consider = [&](size_t i) {
      const auto& x = *all_[i].stats;
      const bool both = x.client == wanted.client && x.server == wanted.server;
      if (both == translated || (translated && explained_[i] >= x.connections))
        return;
      const auto verdict = compare_ports(wanted.client_ports, x.client_ports);
      if (verdict == port_verdict::same)
        found.push_back(i);
      else if (verdict == port_verdict::unclear && both)
        unclear.push_back(i);
    };
    for (const auto i : at(by_server_, wanted.server))
      consider(i);
    if (translated)
      for (const auto i : at(by_client_, wanted.client))
        if (all_[i].stats->server != wanted.server)
          consider(i);
    if (found.empty() && unclear.size() == 1)
      found = unclear;
    for (const auto i : found) {
      all_[outbound].others.push_back(i);
      all_[i].others.push_back(outbound);
      explained_[i] += wanted.connections;
    }
  }

  std::vector<seen_flow>& all_;
  std::vector<uint64_t> explained_; ///< connections, by inbound flow
  index by_server_;
  index by_client_;
  const std::vector<size_t> nobody_;
};

} // namespace

port_verdict compare_ports(const ports& one, const ports& other) {
  const auto until = std::min(known_until(one), known_until(other));
  size_t comparable = 0;
  size_t shared = 0;
  for (const auto port : one) {
    if (flow_port_rank(port) > until)
      break;
    ++comparable;
    shared += std::find(other.begin(), other.end(), port) != other.end() ? 1 : 0;
  }
  if (comparable == 0 || other.empty())
    return port_verdict::unclear;
  // Some of them may not have come to the other end yet.
  return 2 * shared >= comparable ? port_verdict::same
         : shared > 0             ? port_verdict::unclear
                                  : port_verdict::different;
}

std::string_view ip_of(std::string_view endpoint) {
  const auto colon = endpoint.rfind(':');
  if (colon == std::string_view::npos)
    return endpoint;
  auto ip = endpoint.substr(0, colon);
  if (ip.starts_with('[') && ip.ends_with(']'))
    ip = ip.substr(1, ip.size() - 2);
  return ip;
}

std::vector<seen_flow> match_flows(const std::vector<container_snapshot_ptr>& snapshots) {
  std::vector<seen_flow> all;
  for (const auto& x : snapshots)
    if (x->exported)
      for (const auto& flow : x->flows)
        all.push_back({x->identity.container_id, &flow, {}});
  std::stable_sort(all.begin(), all.end(), comes_first);
  matching{all}.run();
  return all;
}

address_book::address_book(const std::vector<seen_flow>& flows, const graph_names& names)
    : names_(names) {
  for (const auto& [ip, container_id] : names.containers)
    note(ip, container_id);
  // Whoever gave an address away knows best: others may have the same elsewhere.
  for (const auto& x : flows)
    if (const std::string_view ip =
            x.stats->inbound ? ip_of(x.stats->server) : std::string_view{x.stats->client};
        !names.containers.contains(ip))
      note(std::string{ip}, x.container_id);
}

void address_book::note(const std::string& ip, const std::string& container_id) {
  if (is_loopback(ip) || ip == "::" || ip == "0.0.0.0" || ip.starts_with('~')
      || names_.machine.contains(ip))
    return;
  const auto [known, is_new] = owners_.emplace(ip, container_id);
  if (!is_new && known->second != container_id)
    known->second.clear();
}

std::string_view address_book::container_at(std::string_view ip) const {
  const auto known = owners_.find(ip);
  return known == owners_.end() ? std::string_view{} : known->second;
}

bool address_book::is_of_machine(std::string_view ip) const {
  return names_.machine.contains(std::string{ip});
}

} // namespace troupe
