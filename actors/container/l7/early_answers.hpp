// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace troupe::l7 {

/// Answers that we hear of before their requests: who reads on another thread than he writes may
/// be told of the answer first. Of a protocol whose answers name their requests. Many requests may
/// share a send that is told once it is over, and be answered by then.
class early_answers {
public:
  static constexpr size_t most = 64;
  static constexpr size_t bytes_most = 64U << 10; ///< captured, of all together
  /// Far more than a thread waits for its processor.
  static constexpr uint64_t ns_max = 100'000'000;

  struct answer {
    uint64_t id = 0;
    uint64_t time_ns = 0;
    uint64_t length = 0;
    std::string bytes; ///< what was captured of it
  };

  void keep(answer x, sink& out) {
    while (!kept_.empty() && (kept_.size() >= most || bytes_ + x.bytes.size() > bytes_most))
      refuse_first(out);
    bytes_ += x.bytes.size();
    kept_.push_back(std::move(x));
  }

  /// A request is made at this time: what answers it, if that was here before.
  std::optional<answer> take(uint64_t id, uint64_t time_ns, sink& out) {
    while (!kept_.empty() && time_ns > kept_.front().time_ns + ns_max)
      refuse_first(out);
    const auto found =
        std::find_if(kept_.begin(), kept_.end(), [id](const answer& x) { return x.id == id; });
    if (found == kept_.end())
      return std::nullopt;
    auto result = std::move(*found);
    kept_.erase(found);
    bytes_ -= result.bytes.size();
    return result;
  }

  /// Nobody asked for these.
  void refuse_all(sink& out) {
    while (!kept_.empty())
      refuse_first(out);
  }

private:
  void refuse_first(sink& out) {
    out.not_understood(unparsed::unanswered, kept_.front().length);
    bytes_ -= kept_.front().bytes.size();
    kept_.pop_front();
  }

  std::deque<answer> kept_;
  size_t bytes_ = 0; ///< captured of those
};

} // namespace troupe::l7
