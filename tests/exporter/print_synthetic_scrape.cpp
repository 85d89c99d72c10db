// SPDX-License-Identifier: Apache-2.0

// Prints a scrape with every family and hostile labels, for promtool to judge.

#include "actors/exporter/exposition.hpp"
#include "tests/exporter/synthetic_scrape.hpp"

#include <cstdio>

int main() {
  using namespace troupe;
  const auto scrape = a_hostile_scrape();
  own_metrics own;
  own.http_error(404);
  own.scraped("ok");
  own.rendered(std::chrono::milliseconds{3});
  const auto text = render_exposition({scrape, true, read_process_usage(), uptime_ns(), 0}, own);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
