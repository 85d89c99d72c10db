// SPDX-License-Identifier: Apache-2.0
#include "actors/console/map_documents.hpp"

#include "actors/console/escape.hpp"
#include "actors/console/json_writer.hpp"
#include "actors/console/quantiles.hpp"
#include "actors/console/table.hpp"
#include "actors/console/time_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace troupe {

namespace {

constexpr std::array<unsigned, 3> shown_quantiles{50, 95, 99};

std::string duration_or_dash(const duration_histogram& durations, unsigned per_cent) {
  const auto ns = quantile_ns(durations, per_cent);
  return ns ? duration_text(*ns) : "-";
}

/// Of a container its id, of an address what dialled it.
std::string server_text(const graph_edge& edge) {
  if (edge.server.is == graph_node::kind::container || edge.server.is == graph_node::kind::other)
    return edge.server.name;
  return fmt::format("{}{}", edge.server.name,
                     edge.server.is == graph_node::kind::machine ? " (this machine)" : "");
}

std::string client_text(const graph_edge& edge) {
  return fmt::format("{}{}", edge.client.name,
                     edge.client.is == graph_node::kind::machine ? " (this machine)" : "");
}

std::vector<std::string> request_cells(const flow_requests& x, uint64_t looked_ns) {
  std::vector<std::string> cells{std::string{to_string(x.protocol)}, std::to_string(x.count()),
                                 rate_text(per_second(x.count(), looked_ns)),
                                 std::to_string(x.failed())};
  for (const auto per_cent : shown_quantiles)
    cells.push_back(duration_or_dash(x.durations, per_cent));
  return cells;
}

std::vector<std::string> connection_cells(const graph_edge& edge) {
  return {std::to_string(edge.connections), std::to_string(edge.open),
          std::to_string(edge.failed_connects), bytes_text(edge.bytes_sent),
          bytes_text(edge.bytes_received)};
}

// --- dot ----------------------------------------------------------------------------------------

/// A text in quotes. Graphviz takes a backslash for the beginning of an escape, also in labels.
std::string dot_quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : escape_for_terminal(text)) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + '"';
}

std::string_view port_of(std::string_view address) {
  const auto colon = address.rfind(':');
  return colon == std::string_view::npos ? std::string_view{} : address.substr(colon);
}

/// Lines that are told apart by Graphviz' own "\n", which no text of ours can contain by itself.
std::string edge_label(const graph_edge& edge, uint64_t looked_ns) {
  std::vector<std::string> lines{std::string{port_of(edge.address)}};
  for (const auto& x : edge.requests) {
    auto line =
        fmt::format("{} {}/s", to_string(x.protocol), rate_text(per_second(x.count(), looked_ns)));
    if (const auto p95 = quantile_ns(x.durations, 95))
      line += fmt::format(", p95 {}", duration_text(*p95));
    if (x.failed() > 0)
      line += fmt::format(", {} failed", x.failed());
    lines.push_back(std::move(line));
  }
  if (edge.requests.empty())
    lines.push_back(fmt::format("tcp {} sent, {} received", bytes_text(edge.bytes_sent),
                                bytes_text(edge.bytes_received)));
  if (edge.failed_connects > 0)
    lines.push_back(fmt::format("{} connects failed", edge.failed_connects));
  std::string label;
  for (const auto& line : lines) {
    const auto quoted = dot_quoted(line);
    label += (label.empty() ? "" : "\\n") + quoted.substr(1, quoted.size() - 2);
  }
  return '"' + label + '"';
}

std::string_view node_style(graph_node::kind kind) {
  switch (kind) {
    case graph_node::kind::container:
      return "shape=box";
    case graph_node::kind::machine:
    case graph_node::kind::loopback:
      return "shape=box, style=dashed";
    case graph_node::kind::outside:
    case graph_node::kind::other:
      break;
  }
  return "shape=ellipse";
}

// --- JSON ---------------------------------------------------------------------------------------

void write_node(json_writer& json, const graph_node& node) {
  json.begin_object();
  json.member("id", node.name);
  json.member("kind", to_string(node.is));
  json.end_object();
}

void write_requests(json_writer& json, const flow_requests& x, uint64_t looked_ns) {
  static constexpr std::array<std::string_view, 3> names{"p50_ns", "p95_ns", "p99_ns"};
  json.begin_object();
  json.member("protocol", to_string(x.protocol));
  json.member("requests", x.count());
  json.member("requests_per_second", per_second(x.count(), looked_ns));
  json.member("failed", x.failed());
  json.member("unknown", x.outcomes.at(static_cast<size_t>(l7_outcome::unknown)));
  for (size_t i = 0; i < names.size(); ++i) {
    json.key(names.at(i));
    if (const auto ns = quantile_ns(x.durations, shown_quantiles.at(i)))
      json.value(*ns);
    else
      json.null();
  }
  json.member("request_bytes", x.request_bytes);
  json.member("response_bytes", x.response_bytes);
  json.end_object();
}

void write_edge(json_writer& json, const graph_edge& edge, uint64_t looked_ns) {
  json.begin_object();
  json.member("client", edge.client.name);
  json.member("client_kind", to_string(edge.client.is));
  json.member("server", edge.server.name);
  json.member("server_kind", to_string(edge.server.is));
  json.member("address", edge.address);
  json.member("seen_by_client", edge.seen_by_client);
  json.member("seen_by_server", edge.seen_by_server);
  json.member("connections", edge.connections);
  json.member("connects", edge.connects);
  json.member("failed_connects", edge.failed_connects);
  json.member("open", edge.open);
  json.member("bytes_sent", edge.bytes_sent);
  json.member("bytes_received", edge.bytes_received);
  json.member("retransmits", edge.retransmits);
  json.key("requests");
  json.begin_array();
  for (const auto& x : edge.requests)
    write_requests(json, x, looked_ns);
  json.end_array();
  json.end_object();
}

} // namespace

double per_second(uint64_t count, uint64_t ns) {
  return ns == 0 ? 0 : static_cast<double>(count) * 1e9 / static_cast<double>(ns);
}

std::string rate_text(double rate) {
  return rate >= 100 ? fmt::format("{:.0f}", rate)
         : rate > 0  ? fmt::format("{:.1f}", std::max(rate, 0.1))
                     : "0";
}

std::string map_text(const flow_map& map, std::optional<unsigned> terminal, bool headers) {
  table lines{{{"CLIENT"},
               {"SERVER"},
               {"ADDRESS", false, 0, 4},
               {"PROTOCOL"},
               {"REQUESTS", true, 0, 2},
               {"/S", true},
               {"FAILED", true},
               {"P50", true, 0, 6},
               {"P95", true},
               {"P99", true, 0, 5},
               {"CONNS", true},
               {"OPEN", true, 0, 7},
               {"REFUSED", true, 0, 3},
               {"SENT", true, 0, 8},
               {"RECEIVED", true, 0, 8}}};
  for (const auto& edge : map.edges) {
    std::vector<std::string> front{client_text(edge), server_text(edge), edge.address};
    auto connections = connection_cells(edge);
    for (size_t i = 0; i < std::max<size_t>(1, edge.requests.size()); ++i) {
      auto cells = front;
      const auto middle = edge.requests.empty()
                              ? std::vector<std::string>{"tcp", "-", "-", "-", "-", "-", "-"}
                              : request_cells(edge.requests[i], map.looked_ns);
      cells.insert(cells.end(), middle.begin(), middle.end());
      cells.insert(cells.end(), connections.begin(), connections.end());
      lines.add(std::move(cells));
      connections.assign(connections.size(), ""); // They are the edge's, whatever it speaks.
    }
  }
  return lines.render(terminal, headers);
}

std::string map_dot(const flow_map& map) {
  std::string text = "digraph troupe {\n"
                     "  rankdir=LR;\n"
                     "  node [fontname=\"Helvetica\"];\n"
                     "  edge [fontname=\"Helvetica\", fontsize=10];\n";
  std::map<graph_node, size_t> numbers;
  for (const auto& node : nodes_of(map.edges)) {
    const auto number = numbers.emplace(node, numbers.size()).first->second;
    fmt::format_to(std::back_inserter(text), "  n{} [label={}, {}];\n", number,
                   dot_quoted(node.name), node_style(node.is));
  }
  for (const auto& edge : map.edges) {
    const bool fails = edge.failed_requests() + edge.failed_connects > 0;
    fmt::format_to(std::back_inserter(text), "  n{} -> n{} [label={}{}];\n",
                   numbers.at(edge.client), numbers.at(edge.server),
                   edge_label(edge, map.looked_ns), fails ? ", color=red" : "");
  }
  return text + "}\n";
}

std::string map_json(const flow_map& map) {
  std::string text;
  json_writer json{text};
  json.begin_object();
  json.member("time", rfc3339(map.unix_time_ns));
  json.member("duration_ns", map.looked_ns);
  json.key("nodes");
  json.begin_array();
  for (const auto& node : nodes_of(map.edges))
    write_node(json, node);
  json.end_array();
  json.key("edges");
  json.begin_array();
  for (const auto& edge : map.edges)
    write_edge(json, edge, map.looked_ns);
  json.end_array();
  json.end_object();
  return text + '\n';
}

} // namespace troupe
