// SPDX-License-Identifier: Apache-2.0

// Renders 1,000 containers with about 100,000 series, as one line of numbers.
// Budget: 100 ms on one core.

#include "actors/exporter/exposition.hpp"
#include "actors/exporter/gzip.hpp"
#include "tests/exporter/synthetic_scrape.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

using namespace troupe;
using clock_type = std::chrono::steady_clock;

namespace {

double ms_since(clock_type::time_point start) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - start).count();
}

scrape_result a_large_scrape() {
  auto scrape = a_full_scrape();
  scrape.containers.clear();
  for (container_key key = 1; key <= 1'000; ++key) {
    auto x = a_busy_container(key, "/k8s/shop/cart-" + std::to_string(key) + "/app", 6, 3);
    // Most destinations have no sample of the round-trip time between two closes.
    for (size_t i = 1; i < x.outbound.size(); ++i)
      x.outbound[i].rtt = {};
    x.inbound.back().rtt = {};
    scrape.containers.push_back(freeze(std::move(x)));
  }
  return scrape;
}

} // namespace

int main() {
  const auto scrape = a_large_scrape();
  own_metrics own;
  double best = 1e9, worst = 0;
  std::string text;
  size_t expected = 0;
  for (int run = 0; run < 10; ++run) {
    text = {};
    const auto start = clock_type::now();
    text = render_exposition({scrape, false, read_process_usage(), uptime_ns(), expected}, own);
    const auto took = ms_since(start);
    expected = text.size();
    best = std::min(best, took);
    worst = std::max(worst, took);
  }
  const auto series = std::count(text.begin(), text.end(), '\n');
  const auto start = clock_type::now();
  const auto packed = gzip(text);
  std::printf("render: %zd series %zu bytes best %.1f ms worst %.1f ms; gzip: %zu bytes %.1f ms\n",
              static_cast<ssize_t>(series), text.size(), best, worst, packed ? packed->size() : 0,
              ms_since(start));
  return packed ? 0 : 1;
}
