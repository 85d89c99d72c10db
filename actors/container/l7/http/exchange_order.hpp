// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/pending_exchanges.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace troupe::l7::http {

/// Which answer belongs to which request, where only their order says so and bytes may have been
/// lost. Who does not pipeline asks again only when he was answered: then the order is known again
/// with his next request. Of one who pipelines it is known again when all answers have come or,
/// where he does not wait for all of them, once both sides were silent. A request whose answer
/// cannot be told from another's is told without one: its outcome is unknown.
class exchange_order {
public:
  /// What is known when a request begins.
  struct moment {
    bool with_another = false; ///< in one chunk with another request
    bool server_rests = true;  ///< the server is not in the midst of an answer
    uint64_t silence_ns = 0;   ///< since either side said something
  };
  static constexpr uint64_t enough_silence_ns = 1'000'000'000;

  void ask(l7_exchange request, const moment& when, sink& out);

  /// The request whose answer is the next one; null where none is known.
  [[nodiscard]] l7_exchange* waiting() { return pending_.first(); }
  /// The newest request, unless it was answered.
  [[nodiscard]] l7_exchange* newest() { return pending_.last(); }
  /// Takes what waiting() shows, its answer begins.
  std::optional<l7_exchange> answer();

  /// An unknown number of requests, or of answers, went by unseen.
  void requests_lost() { requests_lost_ = true; }
  void answers_lost(sink& out);

  /// Neither: an answer that nobody asked for is odd.
  [[nodiscard]] bool is_sure() const { return !requests_lost_ && !answers_lost_; }

  /// And nobody waits for an answer.
  [[nodiscard]] bool is_at_rest() const { return is_sure() && pending_.empty(); }

  /// The connection is over. What may have been answered unseen is told, its outcome is unknown.
  void close(sink& out);

private:
  void tell_all_but(size_t newest, sink& out);
  bool knows_order_again(const moment& when, sink& out);

  pending_exchanges pending_;
  bool pipelines_ = false;            ///< asks before he was answered
  bool asks_between_answers_ = false; ///< and not only when all answers have come
  bool answered_since_ = false;       ///< since the newest request
  bool requests_lost_ = false;
  bool answers_lost_ = false;
};

} // namespace troupe::l7::http
