// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/in_order.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <cstdint>

namespace troupe::l7 {

/// What protocols of messages have in common that answer in order: both directions are read message
/// by message, and what was lost is told and remembered.
template <class Request>
class ordered_conversation : public conversation {
public:
  void take(side from, const chunk& x, sink& out) final {
    if (is_over())
      out.not_understood(unparsed::out_of_sync, x.size);
    else if (from == side::client)
      take_requests(x, out);
    else
      take_answers(x, out);
  }

protected:
  /// Takes the next message of client_ or server_, and adds bytes that were not captured to `lost`.
  /// False where there is no more to take, or not yet.
  virtual bool take_request(sink& out, uint64_t& lost) = 0;
  virtual bool take_answer(sink& out, uint64_t& lost) = 0;

  /// The client sends data, in which there is no request until the server has it all.
  [[nodiscard]] virtual bool sends_data() const { return false; }

  virtual void lose_requests() { requests_.requests_lost(); }
  void lose_answers() { requests_.answers_lost(); }
  /// What was begun of an answer has no end.
  virtual void on_answers_lost(sink& /*out*/) {}

  bool pass_request(uint64_t length, uint64_t& lost) {
    const auto dropped = client_.pass(length);
    lost += dropped;
    if (dropped > 0)
      lose_requests();
    return true;
  }

  bool pass_answer(uint64_t length, uint64_t& lost) {
    const auto dropped = server_.pass(length);
    lost += dropped;
    if (dropped > 0)
      lose_answers();
    return true;
  }

  /// When the client sent more than was captured, until that is answered; 0: it did not.
  [[nodiscard]] uint64_t unseen_ns() const {
    return requests_.are_requests_lost() ? unseen_ns_ : 0;
  }

  stream_reader client_;
  stream_reader server_;
  in_order<Request> requests_;

private:
  void take_requests(const chunk& x, sink& out) {
    if (server_.has_bytes() && requests_.is_stale(server_.time_ns(), x.time_ns))
      out.not_understood(unparsed::unanswered, server_.resynchronise());
    requests_.client_speaks(out);
    if (sends_data())
      return pass_data(x);
    if (!requests_.are_requests_lost())
      unseen_ns_ = 0;
    uint64_t lost = 0;
    if (!client_row_.take(client_, x, lost))
      lose_requests();
    while (!is_over() && client_.has_bytes() && take_request(out, lost)) {
    }
    if (lost > 0) {
      unseen_ns_ = x.time_ns;
      out.not_understood(unparsed::not_captured, lost);
    }
    if (!requests_.empty()) // The answer may have come first.
      read_answers(out);
  }

  void pass_data(const chunk& x) {
    uint64_t lost = 0;
    client_row_.take(client_, x, lost);
    client_.resynchronise();
    if (auto* first = requests_.first(); first != nullptr)
      first->exchange.request_bytes += x.size;
  }

  void take_answers(const chunk& x, sink& out) {
    requests_.server_speaks();
    uint64_t lost = 0;
    if (!server_row_.take(server_, x, lost))
      lose_answers();
    if (lost > 0)
      out.not_understood(unparsed::not_captured, lost);
    read_answers(out);
  }

  void read_answers(sink& out) {
    uint64_t lost = 0;
    while (!is_over() && !requests_.are_answers_lost() && server_.has_bytes()
           && take_answer(out, lost)) {
    }
    if (requests_.are_answers_lost()) {
      on_answers_lost(out);
      lost += server_.resynchronise();
    }
    if (lost > 0)
      out.not_understood(unparsed::not_captured, lost);
  }

  chunk_row client_row_;
  chunk_row server_row_;
  uint64_t unseen_ns_ = 0;
};

} // namespace troupe::l7
