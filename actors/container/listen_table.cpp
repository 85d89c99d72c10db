// SPDX-License-Identifier: Apache-2.0
#include "actors/container/listen_table.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace troupe {

namespace {

/// Programs that listen for somebody else, by comm (15 characters at most): docker's and rootless
/// podman's port forwarders.
constexpr std::array<std::string_view, 5> proxies = {"docker-proxy", "rootlessport", "rootlesskit",
                                                     "slirp4netns", "pasta"};

std::string proxy_name(std::string_view comm) {
  const bool known = std::find(proxies.begin(), proxies.end(), comm) != proxies.end();
  return known ? std::string{comm} : std::string{};
}

} // namespace

bool listen_table::closed_lately(uint64_t cookie) const {
  return std::find(closed_.begin(), closed_.end(), cookie) != closed_.end();
}

void listen_table::remember_closed(uint64_t cookie) {
  closed_[closed_next_] = cookie;
  closed_next_ = (closed_next_ + 1) % closed_.size();
}

bool listen_table::opened(const tcp_listen& record, const container_processes& processes) {
  const auto cookie = record.socket_cookie;
  if (cookie == 0 || sockets_.count(cookie) > 0)
    return false;
  // The walk over open sockets at the start may tell of one whose close was told before. A socket
  // that listens again after a close is told by its own event, not by the walk.
  if (record.preexisting != 0 && closed_lately(cookie))
    return false;
  if (sockets_.size() >= listens_max) {
    ++overflow_;
    return false;
  }
  const auto owner = id_of(record.header);
  sockets_[cookie] = {
      {to_ip(record.local), record.local_port}, owner, proxy_name(processes.comm_of(owner))};
  return true;
}

void listen_table::closed(const tcp_listen& record) {
  sockets_.erase(record.socket_cookie);
  remember_closed(record.socket_cookie);
}

std::vector<listen_stats> listen_table::snapshot(const container_processes& processes) const {
  std::map<std::string, std::string> by_address;
  for (const auto& [cookie, x] : sockets_) {
    auto& proxy = by_address[to_text(x.local)];
    if (proxy.empty()) // At the start sockets are found before their processes are.
      proxy = x.proxy.empty() ? proxy_name(processes.comm_of(x.owner)) : x.proxy;
  }
  std::vector<listen_stats> result;
  result.reserve(by_address.size());
  for (auto& [address, proxy] : by_address)
    result.push_back({address, std::move(proxy)});
  return result;
}

void listen_table::absorb(listen_table&& other) {
  overflow_ += other.overflow_;
  for (auto& [cookie, x] : other.sockets_) {
    if (closed_lately(cookie) || sockets_.count(cookie) > 0)
      continue;
    if (sockets_.size() < listens_max)
      sockets_.emplace(cookie, std::move(x));
    else
      ++overflow_;
  }
  other = listen_table{};
}

} // namespace troupe
