// SPDX-License-Identifier: Apache-2.0
// A whole /metrics page of a container whose every name somebody chose. The input is these names
// with NUL between.

#include "actors/exporter/exposition.hpp"
#include "tests/fuzz/text_checks.hpp"

#include <memory>
#include <string>

namespace {

using namespace troupe;
using fuzz::check_text;
using fuzz::expect;
using fuzz::quoted_size;

/// name{label="value",...} number
void check_sample(std::string_view line) {
  line.remove_prefix(line.find_first_of("{ "));
  if (line.front() == '{') {
    do {
      line.remove_prefix(1);
      const auto name = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789");
      expect(name != line.npos && name > 0 && line.substr(name, 2) == "=\"", "a label has a name");
      line.remove_prefix(name + 2);
      const auto value = quoted_size(line);
      expect(value != line.npos, "a label's value ends");
      line.remove_prefix(value + 1);
    } while (line.starts_with(','));
    expect(line.starts_with('}'), "labels end");
    line.remove_prefix(1);
  }
  expect(line.starts_with(' ') && line.find_first_not_of("0123456789.e+-InfNa", 1) == line.npos,
         "a sample ends with its number");
}

void check_exposition(std::string_view text) {
  auto snapshot = std::make_shared<container_snapshot>();
  snapshot->exported = true;
  auto& identity = snapshot->identity;
  for (auto* name : {&identity.container_id, &identity.app_id, &identity.name_space, &identity.pod,
                     &identity.container, &snapshot->metadata.name, &snapshot->metadata.image})
    *name = fuzz::next_part(text, '\0');
  snapshot->listens.push_back({std::string{fuzz::next_part(text, '\0')}, "docker-proxy"});
  auto& outbound = snapshot->outbound.emplace_back();
  outbound.destination = fuzz::next_part(text, '\0');
  outbound.actual_destination = fuzz::next_part(text, '\0');
  snapshot->inbound.emplace_back().peer = fuzz::next_part(text, '\0');
  scrape_result scrape;
  scrape.containers.push_back(snapshot);
  scrape.node.machine_id = fuzz::next_part(text, '\0');
  scrape.node.hostname = fuzz::next_part(text, '\0');
  static own_metrics own;
  const auto page = render_exposition({.scrape = scrape, .pod_labels = true, .process = {}}, own);
  check_text(page, "\n\t");
  expect(page.ends_with('\n'), "the last line ends");
  std::string_view rest = page;
  while (!rest.empty())
    if (const auto line = fuzz::next_part(rest, '\n'); !line.starts_with("# "))
      check_sample(line);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_exposition(fuzz::text_of(data, size));
  return 0;
}
