// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http/exchange_order.hpp"

#include <utility>

namespace troupe::l7::http {

void exchange_order::tell_all_but(size_t newest, sink& out) {
  while (pending_.size() > newest)
    out.exchanged(std::move(*pending_.take_first()));
}

bool exchange_order::knows_order_again(const moment& when, sink& out) {
  const bool is_silent = when.silence_ns >= enough_silence_ns;
  const bool answers_are_due = pipelines_ && (!pending_.empty() || !when.server_rests);
  if (!is_silent && (answers_are_due || asks_between_answers_))
    return false;
  tell_all_but(0, out); // Their answers went by unseen, or he would not ask again.
  requests_lost_ = false;
  return true;
}

void exchange_order::ask(l7_exchange request, const moment& when, sink& out) {
  pipelines_ = pipelines_ || when.with_another;
  if (is_sure() && answered_since_ && !pending_.empty())
    asks_between_answers_ = true;
  answered_since_ = false;
  if (std::exchange(answers_lost_, false)) {
    tell_all_but(0, out);
    requests_lost_ = requests_lost_ || pipelines_;
  }
  if (pending_.size() >= pending_exchanges::most) // This one's answer will not be known.
    requests_lost_ = pipelines_ = true;
  if (requests_lost_ && !knows_order_again(when, out))
    out.exchanged(std::move(request));
  else
    pending_.add(0, std::move(request), out);
}

std::optional<l7_exchange> exchange_order::answer() {
  pipelines_ = pipelines_ || pending_.size() > 1;
  answers_lost_ = false;
  answered_since_ = true;
  return pending_.take_first();
}

void exchange_order::answers_lost(sink& out) {
  if (pending_.empty())
    return;
  if (pipelines_ && pending_.size() > 1) {
    tell_all_but(0, out);
    requests_lost_ = true;
    return;
  }
  // He asked again: all but the newest were answered.
  tell_all_but(1, out);
  answers_lost_ = true;
}

void exchange_order::close(sink& out) {
  if (answers_lost_)
    tell_all_but(0, out);
  pending_.give_up(out);
}

} // namespace troupe::l7::http
