// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/exporter/own_metrics.hpp"
#include "actors/exporter/process_usage.hpp"
#include "messages/control.hpp"
#include "messages/host.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// All that one rendering needs to know.
struct exposition_input {
  const scrape_result& scrape;
  bool pod_labels = false; ///< namespace, pod, container and node on every container series
  process_usage process;
  uint64_t uptime_ns = 0;
  size_t expected_bytes = 0; ///< size of the last rendering: spares the text its growing
};

/// The whole answer to GET /metrics. Rows of series whose labels were there already, and containers
/// whose id was there already, are left out and counted in `own`.
std::string render_exposition(const exposition_input& input, own_metrics& own);

/// `machine_id="...",system_uuid="..."`: the labels of every series.
std::string machine_labels(const node_info& node);

class series_writer;

/// The families of scope container; returns what was left out.
struct duplicates {
  uint64_t containers = 0;
  uint64_t rows = 0;
};
duplicates render_containers(series_writer& out, const exposition_input& input);

/// The families of scope node and agent that come from scrape_result and procfs.
void render_agent(series_writer& out, const exposition_input& input);

} // namespace troupe
