// SPDX-License-Identifier: Apache-2.0

// Prints docs/metrics.md.

#include "actors/exporter/metrics_doc.hpp"

#include <cstdio>

int main() {
  const auto text = troupe::metrics_markdown();
  const auto written = std::fwrite(text.data(), 1, text.size(), stdout);
  return written == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}
