// SPDX-License-Identifier: Apache-2.0
#include "actors/console/flow_graph.hpp"

#include "actors/exporter/listen_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace troupe {

namespace {

using kind = graph_node::kind;

/// What `by` calls so.
graph_node node_at(std::string_view ip, std::string_view by, const address_book& book,
                   const graph_names& names) {
  if (ip.starts_with('~'))
    return {kind::other, std::string{ip}};
  if (ip == "::" || ip == "0.0.0.0") // Of a datagram that nobody answered its sender is not known.
    return {kind::other, "unknown"};
  if (is_loopback(ip))
    return {kind::loopback, fmt::format("{} in {}", ip, by)};
  if (const auto id = book.container_at(ip); !id.empty())
    return {kind::container, std::string{id}};
  if (book.is_of_machine(ip))
    return {kind::machine, std::string{ip}};
  const auto name = names.dns.find(ip);
  return {kind::outside, name == names.dns.end() ? std::string{ip} : name->second};
}

uint64_t less(uint64_t all, uint64_t part) {
  return all - std::min(all, part);
}

flow_requests* find_requests(std::vector<flow_requests>& all, l7_protocol protocol) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& x) { return x.protocol == protocol; });
  return found == all.end() ? nullptr : &*found;
}

void add_requests(std::vector<flow_requests>& all, const flow_requests& more) {
  auto* sum = find_requests(all, more.protocol);
  if (sum == nullptr) {
    all.push_back(more);
    return;
  }
  for (size_t i = 0; i < more.outcomes.size(); ++i)
    sum->outcomes.at(i) += more.outcomes.at(i);
  sum->request_bytes += more.request_bytes;
  sum->response_bytes += more.response_bytes;
  sum->durations.merge(more.durations);
}

/// What one side says of an edge.
graph_edge edge_of(graph_node client, graph_node server, const flow_stats& seen) {
  graph_edge edge;
  edge.client = std::move(client);
  edge.server = std::move(server);
  edge.address = seen.server;
  edge.seen_by_client = !seen.inbound;
  edge.seen_by_server = seen.inbound;
  edge.connections = seen.connections;
  edge.connects = seen.connects;
  edge.failed_connects = seen.failed_connects;
  edge.open = seen.open;
  edge.bytes_sent = seen.inbound ? seen.bytes_received : seen.bytes_sent;
  edge.bytes_received = seen.inbound ? seen.bytes_sent : seen.bytes_received;
  edge.retransmits = seen.retransmits;
  edge.requests = seen.requests;
  return edge;
}

class graph_maker {
public:
  graph_maker(const std::vector<seen_flow>& flows, const graph_names& names)
      : flows_(flows), names_(names), book_(flows, names) {}

  std::vector<graph_edge> run() {
    for (size_t i = 0; i < flows_.size(); ++i)
      if (flows_[i].stats->inbound)
        add_inbound(i);
      else
        add_outbound(i);
    std::vector<graph_edge> result;
    for (auto& [order, edge] : edges_) {
      std::sort(edge.requests.begin(), edge.requests.end(), [](const auto& a, const auto& b) {
        return to_string(a.protocol) < to_string(b.protocol);
      });
      result.push_back(std::move(edge));
    }
    return result;
  }

private:
  [[nodiscard]] graph_node peer(size_t i) const { return peer_of(flows_, i, book_, names_); }

  [[nodiscard]] graph_node container(size_t i) const {
    return {kind::container, flows_[i].container_id};
  }

  void add(graph_edge edge) {
    auto& sum = edges_[{edge.client, edge.server, edge.address}];
    if (sum.address.empty()) {
      sum = std::move(edge);
      return;
    }
    sum.seen_by_client |= edge.seen_by_client;
    sum.seen_by_server |= edge.seen_by_server;
    sum.connections += edge.connections;
    sum.connects += edge.connects;
    sum.failed_connects += edge.failed_connects;
    sum.open += edge.open;
    sum.bytes_sent += edge.bytes_sent;
    sum.bytes_received += edge.bytes_received;
    sum.retransmits += edge.retransmits;
    for (const auto& x : edge.requests)
      add_requests(sum.requests, x);
  }

  void add_outbound(size_t i) {
    const auto& seen = flows_[i];
    if (seen.others.size() <= 1) {
      auto edge = edge_of(container(i), peer(i), *seen.stats);
      if (!seen.others.empty())
        complete(edge, *flows_[seen.others.front()].stats, flows_[seen.others.front()]);
      add(std::move(edge));
      return;
    }
    // Several servers behind one address: each says what was its own.
    for (const auto other : seen.others) {
      auto edge = edge_of(container(i), container(other), *flows_[other].stats);
      edge.address = seen.stats->server;
      edge.seen_by_client = true;
      add(std::move(edge));
    }
    if (seen.stats->failed_connects > 0) {
      graph_edge failed;
      failed.client = container(i);
      failed.server = node_at(ip_of(seen.stats->server), seen.container_id, book_, names_);
      failed.address = seen.stats->server;
      failed.seen_by_client = true;
      failed.failed_connects = seen.stats->failed_connects;
      add(std::move(failed));
    }
  }

  /// What only the server understands, because the client encrypts with what nobody can read here,
  /// or was not looked at.
  static void complete(graph_edge& edge, const flow_stats& server, const seen_flow& by) {
    edge.seen_by_server = true;
    if (by.others.size() > 1)
      return; // It is not one client's alone.
    for (const auto& x : server.requests)
      if (find_requests(edge.requests, x.protocol) == nullptr)
        edge.requests.push_back(x);
  }

  /// What no client that was seen accounts for.
  void add_inbound(size_t i) {
    const auto& seen = flows_[i];
    auto rest = *seen.stats;
    for (const auto other : seen.others) {
      if (flows_[other].others.size() > 1)
        return; // This side was taken whole.
      const auto& theirs = *flows_[other].stats;
      rest.connections = less(rest.connections, theirs.connections);
      rest.connects = less(rest.connects, theirs.connects);
      rest.open = less(rest.open, theirs.open);
      rest.bytes_sent = less(rest.bytes_sent, theirs.bytes_received);
      rest.bytes_received = less(rest.bytes_received, theirs.bytes_sent);
      rest.retransmits = 0; // Each side has its own.
      for (const auto& x : theirs.requests)
        if (auto* mine = find_requests(rest.requests, x.protocol))
          for (size_t k = 0; k < x.outcomes.size(); ++k)
            mine->outcomes.at(k) = less(mine->outcomes.at(k), x.outcomes.at(k));
    }
    if (!seen.others.empty() && rest.connections == 0)
      return;
    std::erase_if(rest.requests, [](const flow_requests& x) { return x.count() == 0; });
    auto client =
        seen.others.empty() ? peer(i) : node_at(rest.client, seen.container_id, book_, names_);
    add(edge_of(std::move(client), container(i), rest));
  }

  const std::vector<seen_flow>& flows_;
  const graph_names& names_;
  address_book book_;
  std::map<std::tuple<graph_node, graph_node, std::string>, graph_edge> edges_;
};

} // namespace

std::string_view to_string(graph_node::kind x) {
  switch (x) {
    case kind::container:
      return "container";
    case kind::machine:
      return "machine";
    case kind::loopback:
      return "loopback";
    case kind::outside:
      return "outside";
    case kind::other:
      break;
  }
  return "other";
}

uint64_t graph_edge::request_count() const {
  return std::accumulate(requests.begin(), requests.end(), uint64_t{0},
                         [](uint64_t sum, const auto& x) { return sum + x.count(); });
}

uint64_t graph_edge::failed_requests() const {
  return std::accumulate(requests.begin(), requests.end(), uint64_t{0},
                         [](uint64_t sum, const auto& x) { return sum + x.failed(); });
}

graph_node peer_of(const std::vector<seen_flow>& flows, size_t i, const address_book& book,
                   const graph_names& names) {
  const auto& seen = flows[i];
  const auto one_container = [&] {
    return std::all_of(seen.others.begin(), seen.others.end(), [&](size_t other) {
      return flows[other].container_id == flows[seen.others.front()].container_id;
    });
  };
  if (!seen.others.empty() && one_container())
    return {kind::container, flows[seen.others.front()].container_id};
  return node_at(seen.stats->inbound ? seen.stats->client : ip_of(seen.stats->server),
                 seen.container_id, book, names);
}

std::vector<graph_edge> edges_of(const std::vector<seen_flow>& flows, const graph_names& names) {
  return graph_maker{flows, names}.run();
}

std::vector<graph_node> nodes_of(const std::vector<graph_edge>& edges) {
  std::set<graph_node> all;
  for (const auto& x : edges) {
    all.insert(x.client);
    all.insert(x.server);
  }
  return {all.begin(), all.end()};
}

} // namespace troupe
