// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/exposition.hpp"

#include "actors/exporter/series_writer.hpp"

namespace troupe {

std::string render_exposition(const exposition_input& input, own_metrics& own) {
  std::string text;
  text.reserve(input.expected_bytes + input.expected_bytes / 16);
  series_writer out{text};
  const auto left_out = render_containers(out, input);
  if (left_out.containers > 0)
    own.series_dropped("duplicate_container", left_out.containers);
  if (left_out.rows > 0)
    own.series_dropped("duplicate_labels", left_out.rows);
  render_agent(out, input);
  const auto machine = machine_labels(input.scrape.node);
  for (const auto& family : own.collect())
    out.family(family, machine);
  return text;
}

} // namespace troupe
