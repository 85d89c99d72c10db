// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/actor_gauge.hpp"

#include <algorithm>

namespace troupe {

gauge_reading actor_gauge::read(uint64_t now_ns, std::string (*name_of_type)(uint64_t)) const {
  constexpr auto relaxed = std::memory_order_relaxed;
  gauge_reading x;
  x.messages = taken_.load(relaxed);
  const auto came = came_.load(relaxed);
  x.mailbox = came - std::min(came, x.messages);
  x.batches = batches_.load(relaxed);
  x.credit_used = credit_used_.load(relaxed);
  x.credit_granted = credit_granted_.load(relaxed);
  x.running = running_.load(relaxed);
  const auto begun = last_at_.load(relaxed);
  const auto age = [now_ns](uint64_t since) {
    return now_ns - std::min(now_ns, since);
  };
  if (x.messages > 0) {
    x.last_message = name_of_type(last_type_.load(relaxed));
    x.last_message_age_ns = age(begun);
  }
  // One that was idle does not owe an answer from before its oldest message.
  if (x.running && x.messages > 0)
    x.waiting_ns = age(begun);
  else if (x.mailbox > 0)
    x.waiting_ns = age(std::max(begun, first_waits_since_.load(relaxed)));
  const std::lock_guard lock{label_mutex_};
  x.label = label_;
  return x;
}

} // namespace troupe
