// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/metrics_doc.hpp"

#include "actors/exporter/families.hpp"
#include "actors/exporter/l7_families.hpp"

namespace troupe {

namespace {

constexpr std::string_view introduction =
    R"(<!-- Printed by troupe_metrics_doc from actors/exporter/{families.hpp,l7_families.cpp}: change it there. -->
# Metrics

`GET /metrics` answers in the Prometheus text format 0.0.4. Names, types and labels follow the
`container_*` / `node_*` scheme of coroot-node-agent, so dashboards and alerts made for it work.

- Every series carries `machine_id` (/etc/machine-id) and `system_uuid` (the DMI product UUID).
- Every `container_*` series carries `container_id` and `app_id`, the workload. With pod labels
  switched on it also carries `namespace`, `pod`, `container` and `node`.
- Histograms have buckets from 0.5 ms to 10 s.
- Label values are valid UTF-8 of at most 512 bytes. Destinations and peers over a container's bound
  are counted under `~other`.
- A container that is gone leaves the scrape after the agent's retire time.
)";

std::string_view title(family_scope scope) {
  switch (scope) {
    case family_scope::container:
      return "Containers";
    case family_scope::node:
      return "Node";
    case family_scope::agent:
      break;
  }
  return "The agent itself";
}

/// A pipe ends a table's cell.
void append_cell(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == '|')
      out += '\\';
    out += c;
  }
}

constexpr std::string_view table_head =
    "\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n";

template <class Family>
void append_row(std::string& out, const Family& x) {
  out += "| `";
  out += x.name;
  out += "` | ";
  out += to_string(x.type);
  out += " | ";
  out += x.labels;
  out += x.labels.empty() ? "| " : " | ";
  append_cell(out, x.help);
  out += " |\n";
}

void append_requests(std::string& out) {
  out += "\n## Containers: requests\n\n"
         "Unless `--l7=false`. A protocol has series where it was spoken.";
  out += table_head;
  for (const auto& row : l7_families())
    for (const auto& x : row)
      append_row(out, x);
}

} // namespace

std::string metrics_markdown() {
  std::string out{introduction};
  for (auto scope : {family_scope::container, family_scope::node, family_scope::agent}) {
    out += "\n## ";
    out += title(scope);
    out += table_head;
    for (const auto& x : family_table::all)
      if (x.scope == scope)
        append_row(out, x);
    if (scope == family_scope::container)
      append_requests(out);
  }
  return out;
}

} // namespace troupe
