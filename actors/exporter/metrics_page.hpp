// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/exporter/own_metrics.hpp"
#include "messages/control.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace troupe {

/// Turns scrape results into the text of /metrics. Scrapers that share a gathering share its text:
/// ten of them cost one rendering and one buffer. Used by all HTTP threads at once.
class metrics_page {
public:
  explicit metrics_page(bool pod_labels) : pod_labels_(pod_labels) {}

  /// `asked` is when the client's request came: the time since then is the scrape's duration.
  std::shared_ptr<const std::string> render(const scrape_result& result,
                                            std::chrono::steady_clock::time_point asked);

  own_metrics& own() { return own_; }

private:
  const bool pod_labels_;
  own_metrics own_;
  std::mutex mutex_; ///< guards the three below
  uint64_t generation_ = 0;
  std::weak_ptr<const std::string> text_; ///< of that generation, while somebody sends it
  size_t last_bytes_ = 0;
};

} // namespace troupe
