// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/metrics_page.hpp"

#include "actors/exporter/exposition.hpp"

namespace troupe {

std::shared_ptr<const std::string>
metrics_page::render(const scrape_result& result, std::chrono::steady_clock::time_point asked) {
  const std::lock_guard lock{mutex_};
  auto text = text_.lock();
  if (!text || generation_ != result.generation) {
    const exposition_input input{result, pod_labels_, read_process_usage(), uptime_ns(),
                                 last_bytes_};
    text = std::make_shared<const std::string>(render_exposition(input, own_));
    text_ = text;
    generation_ = result.generation;
    last_bytes_ = text->size();
  }
  own_.rendered(std::chrono::steady_clock::now() - asked);
  return text;
}

} // namespace troupe
