// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace troupe::l7 {

/// Gives chunks to a reader, and tells where one does not follow from those before it: messages may
/// be missing there.
class chunk_row {
public:
  /// False where the row is broken. Adds bytes that were dropped to `lost`.
  bool take(stream_reader& stream, const chunk& x, uint64_t& lost) {
    const bool gap = x.position != expected_; // Also before the first.
    const bool was_resumed = stream.is_resumed() && begun_;
    const auto dropped = stream.take(x);
    const bool late = gap && !begun_;
    begun_ = true;
    expected_ = x.position + x.size;
    lost += dropped;
    return dropped == 0 && !late && !(stream.is_resumed() && (gap || !was_resumed));
  }

private:
  uint64_t expected_ = 0;
  bool begun_ = false;
};

/// Requests that wait for their answers, in a protocol that answers in order and gives no ids. A
/// Request has an `l7_exchange exchange`, and is_told() where some only keep the place of an answer
/// and are no exchange.
///
/// Where bytes are missing, nobody knows how many requests or answers were in them, and the order
/// means nothing until client and server are at one again. They are when the client speaks after
/// the server did: it has got its answers then. Until then a request is told with what is known of
/// it, and no answer is given to a request that may not be its own.
template <class Request>
class in_order {
public:
  /// More are not waited for: they count, but how they ended stays unknown.
  static constexpr size_t most = 1024;
  /// Far more than a thread waits for its processor.
  static constexpr uint64_t early_ns_max = 100'000'000;

  /// A chunk of the client begins.
  void client_speaks(sink& out) {
    if (server_spoke_ && answers_lost_) {
      tell_all(out);
      answers_lost_ = requests_lost_ = false;
    } else if (server_spoke_ && waiting_.empty()) {
      requests_lost_ = false;
    }
    server_spoke_ = false;
  }

  /// A chunk of the server begins.
  void server_speaks() { server_spoke_ = true; }

  /// But it has not given its answer, whatever the client says meanwhile.
  void server_goes_on() { server_spoke_ = false; }

  /// Requests may be missing behind the last one that waits.
  void requests_lost() { requests_lost_ = true; }

  /// Answers may be missing: no further one is known to belong to the first that waits.
  void answers_lost() { answers_lost_ = true; }

  /// What the server says has not been asked for, as far as we know. Where nothing is missing it is
  /// the answer to a request that we hear of only now: who reads on another thread than he writes
  /// may be told of it first. It has to wait for that request.
  bool waits_for_request() {
    holds_answer_ = waiting_.empty() && !requests_lost_ && !answers_lost_;
    return holds_answer_;
  }

  /// The client speaks. An answer that waited that long was to nothing we shall hear of.
  bool is_stale(uint64_t answered_ns, uint64_t now_ns) {
    return std::exchange(holds_answer_, false) && waiting_.empty()
           && now_ns > answered_ns + early_ns_max;
  }

  [[nodiscard]] bool are_requests_lost() const { return requests_lost_; }
  [[nodiscard]] bool are_answers_lost() const { return answers_lost_; }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

  void add(Request request, sink& out) {
    if (requests_lost_) { // Its answer would not be told from those of the ones that are missing.
      tell(request, out);
      return;
    }
    if (waiting_.size() >= most) {
      tell(waiting_.front(), out);
      waiting_.pop_front();
      answers_lost();
    }
    waiting_.push_back(std::move(request));
  }

  /// The oldest one; null where none waits.
  [[nodiscard]] Request* first() { return waiting_.empty() ? nullptr : &waiting_.front(); }
  /// The newest one.
  [[nodiscard]] Request* last() { return waiting_.empty() ? nullptr : &waiting_.back(); }
  [[nodiscard]] const std::deque<Request>& all() const { return waiting_; }

  /// There must be one.
  Request take_first() {
    auto request = std::move(waiting_.front());
    waiting_.pop_front();
    return request;
  }

  /// The connection is over.
  void close(sink& out) {
    if (answers_lost_)
      tell_all(out);
    for (auto& x : waiting_)
      out.not_understood(unparsed::unanswered, x.exchange.request_bytes);
    waiting_.clear();
  }

private:
  static void tell(Request& x, sink& out) {
    if constexpr (requires { x.is_told(); })
      if (!x.is_told())
        return;
    out.exchanged(std::move(x.exchange));
  }

  void tell_all(sink& out) {
    for (auto& x : waiting_)
      tell(x, out);
    waiting_.clear();
  }

  std::deque<Request> waiting_;
  bool holds_answer_ = false;
  bool server_spoke_ = false;
  bool requests_lost_ = false;
  bool answers_lost_ = false;
};

} // namespace troupe::l7
