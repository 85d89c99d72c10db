// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/rabbitmq/channel.hpp"

#include "actors/container/l7/pending_exchanges.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7::rabbitmq {

void channel::begin(side from, method_id method, std::string_view arguments, uint64_t time_ns,
                    uint64_t bytes, sink& out) {
  auto& x = open(from);
  if (x.is_open) // It never got its body.
    end(from, out);
  x = {};
  x.is_open = true;
  x.bytes = bytes;
  x.is_returned = method == method_id::basic_return;
  auto& exchange = x.exchange;
  exchange.started_ns = time_ns;
  static_cast<void>(tell_message(method, arguments, exchange));
  if (method == method_id::basic_get_ok && get_at_ns_ != 0) {
    exchange.started_ns = std::exchange(get_at_ns_, 0);
    answer_at(exchange, time_ns);
  }
  if (from == side::server) // Whoever sends it has it: nothing is answered to a delivery.
    exchange.outcome = l7_outcome::ok;
  if (x.is_returned)
    if (const auto said = read_complaint(arguments, false))
      exchange.status = said->code;
}

void channel::take_header(side from, std::string_view payload, uint64_t bytes, sink& out) {
  auto& x = open(from);
  if (!x.is_open || x.has_header)
    return;
  x.has_header = true;
  x.bytes += bytes;
  auto said = read_content_header(payload);
  if (!said) // Its length is not known: the next method ends it.
    said = content{UINT64_MAX, {}};
  x.body_left = said->body_bytes;
  x.exchange.traceparent = std::move(said->traceparent);
  if (x.body_left == 0)
    end(from, out);
}

void channel::take_body(side from, uint64_t length, uint64_t bytes, sink& out) {
  auto& x = open(from);
  if (!x.is_open || !x.has_header)
    return;
  x.bytes += bytes;
  x.body_left -= std::min(length, x.body_left);
  if (x.part_bytes == 0)
    x.part_bytes = length;
  if (x.body_left == 0)
    end(from, out);
}

uint64_t channel::rest_bytes(side from) const {
  const auto& x = open(from);
  if (!x.is_open || x.part_bytes == 0 || x.body_left > message_bytes_max)
    return 0;
  const auto frames = (x.body_left + x.part_bytes - 1) / x.part_bytes;
  return x.body_left + frames * (frame_header_bytes + 1);
}

void channel::pass_rest(side from, sink& out) {
  open(from).bytes += rest_bytes(from);
  end(from, out);
}

void channel::end(side from, sink& out) {
  auto& x = open(from);
  x.is_open = false;
  if (x.is_returned)
    return mark_returned(x.exchange);
  auto& exchange = x.exchange;
  (from == side::client ? exchange.request_bytes : exchange.response_bytes) = x.bytes;
  if (from == side::server || !confirms_)
    return out.exchanged(std::move(exchange));
  if (unconfirmed_.size() >= unconfirmed_max) {
    out.exchanged(std::move(unconfirmed_.front().exchange));
    unconfirmed_.pop_front();
  }
  unconfirmed_.push_back({next_tag_++, std::move(exchange)});
  if (!early_.empty())
    confirm_newest(out);
}

void channel::confirm_newest(sink& out) {
  const auto tag = next_tag_ - 1;
  for (size_t left = early_.size(); left > 0; --left) {
    auto x = early_.front();
    early_.pop_front();
    if (x.said.tag > tag)
      early_.push_back(x);
    if (x.said.tag == tag || x.said.is_multiple)
      confirm({tag, false}, x.is_ack, x.by, out);
  }
}

/// It came back since no queue wants it. It is confirmed all the same, later.
void channel::mark_returned(const l7_exchange& returned) {
  const auto found =
      std::find_if(unconfirmed_.begin(), unconfirmed_.end(), [&](const unconfirmed& x) {
        return x.exchange.outcome == l7_outcome::unknown && x.exchange.subject == returned.subject
               && x.exchange.detail == returned.detail;
      });
  if (found == unconfirmed_.end())
    return;
  found->exchange.outcome = l7_outcome::failed;
  found->exchange.status = returned.status;
}

void channel::confirm(const confirmation& x, bool is_ack, const answer& by, sink& out) {
  if (confirms_ && x.tag >= next_tag_ && early_.size() < early_max)
    early_.push_back({x, is_ack, by});
  const auto is_meant = [&x](uint64_t tag) {
    return tag == x.tag || (x.is_multiple && (tag < x.tag || x.tag == 0));
  };
  for (auto i = unconfirmed_.begin(); i != unconfirmed_.end();) {
    if (!x.is_multiple && i->tag > x.tag)
      break;
    if (!is_meant(i->tag)) {
      ++i;
      continue;
    }
    auto& exchange = i->exchange;
    answer_at(exchange, by.time_ns);
    exchange.response_bytes = by.bytes;
    if (!is_ack)
      exchange.outcome = l7_outcome::failed;
    else if (exchange.outcome == l7_outcome::unknown)
      exchange.outcome = l7_outcome::ok;
    out.exchanged(std::move(exchange));
    i = unconfirmed_.erase(i);
  }
}

bool channel::fail(uint16_t code, const answer& by, sink& out) {
  for (auto& x : unconfirmed_) {
    x.exchange.outcome = l7_outcome::failed;
    x.exchange.status = code;
    answer_at(x.exchange, by.time_ns);
    x.exchange.response_bytes = by.bytes;
  }
  const auto any = !unconfirmed_.empty();
  give_up(out);
  return any;
}

void channel::lose(side from, sink& out) {
  if (open(from).is_open)
    end(from, out);
  if (from == side::server)
    return;
  confirms_ = false;
  early_.clear();
  get_at_ns_ = 0;
  give_up(out);
}

void channel::give_up(sink& out) {
  for (const auto from : {side::client, side::server})
    if (open(from).is_open)
      end(from, out);
  for (auto& x : unconfirmed_)
    out.exchanged(std::move(x.exchange));
  unconfirmed_.clear();
}

} // namespace troupe::l7::rabbitmq
