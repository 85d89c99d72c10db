// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>

namespace troupe::l7 {

/// Requests of one connection that wait for their answers, in the order in which they were made. A
/// protocol without ids of its own gives every request the id 0 and takes the first.
class pending_exchanges {
public:
  /// More are not waited for: whoever sends so many without an answer is not understood.
  static constexpr size_t most = 1024;

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] size_t size() const { return waiting_.size(); }

  /// Where there are too many already, the oldest is told as unanswered.
  void add(uint64_t id, l7_exchange exchange, sink& out) {
    if (waiting_.size() >= most)
      tell_unanswered(out);
    waiting_.emplace_back(id, std::move(exchange));
  }

  /// The oldest one, whatever its id; nothing where none waits.
  std::optional<l7_exchange> take_first() {
    if (waiting_.empty())
      return std::nullopt;
    auto exchange = std::move(waiting_.front().second);
    waiting_.pop_front();
    return exchange;
  }

  /// The oldest one with this id.
  std::optional<l7_exchange> take(uint64_t id) {
    for (auto i = waiting_.begin(); i != waiting_.end(); ++i)
      if (i->first == id) {
        auto exchange = std::move(i->second);
        waiting_.erase(i);
        return exchange;
      }
    return std::nullopt;
  }

  /// The oldest one, to add to; null where none waits.
  [[nodiscard]] l7_exchange* first() {
    return waiting_.empty() ? nullptr : &waiting_.front().second;
  }
  /// The newest one, to add to.
  [[nodiscard]] l7_exchange* last() { return waiting_.empty() ? nullptr : &waiting_.back().second; }
  [[nodiscard]] l7_exchange* find(uint64_t id) {
    for (auto& [known, exchange] : waiting_)
      if (known == id)
        return &exchange;
    return nullptr;
  }

  /// Answers are missing, of a protocol that uses no id again before it is answered: of several
  /// with the same id, all but the newest have got theirs.
  void give_up_repeated(sink& out) {
    std::unordered_set<uint64_t> newer;
    for (size_t i = waiting_.size(); i-- > 0;) {
      if (newer.insert(waiting_[i].first).second)
        continue;
      out.not_understood(unparsed::unanswered, waiting_[i].second.request_bytes);
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  /// The connection is over, or the order is lost: nobody will answer these.
  void give_up(sink& out) {
    while (!waiting_.empty())
      tell_unanswered(out);
  }

private:
  void tell_unanswered(sink& out) {
    out.not_understood(unparsed::unanswered, waiting_.front().second.request_bytes);
    waiting_.pop_front();
  }

  std::deque<std::pair<uint64_t, l7_exchange>> waiting_;
};

/// The answer begins: how long it took from the request's first byte.
inline void answer_at(l7_exchange& exchange, uint64_t time_ns) {
  exchange.duration_ns = time_ns > exchange.started_ns ? time_ns - exchange.started_ns : 0;
}

} // namespace troupe::l7
