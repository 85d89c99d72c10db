// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/in_order.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7 {

/// What protocols of messages have in common that answer in order: both directions are read message
/// by message, and what was lost is told and remembered.
///
/// An answer of which something was not captured may show by its last bytes how it went. It is
/// looked for at the end of everything that the server says from there on, until the client speaks.
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

  /// The answer under way is the last that is due: how it ends can be told from its end alone.
  [[nodiscard]] virtual bool shows_its_end() const { return false; }
  /// Where in the last bytes of an answer that is not all there the messages begin that say how it
  /// went, and reach to the end of these bytes. `is_last`: the server says no more.
  [[nodiscard]] virtual std::optional<size_t> find_end(std::string_view /*bytes*/,
                                                       bool /*is_last*/) const {
    return std::nullopt;
  }
  /// No answer ends with these bytes.
  [[nodiscard]] virtual bool goes_on(std::string_view /*bytes*/) const { return false; }
  /// It was found, this many bytes behind what was read of the answer.
  virtual void on_end_found(uint64_t /*unseen*/, sink& /*out*/) {}

  bool pass_request(uint64_t length, uint64_t& lost) {
    const auto dropped = client_.pass(length);
    lost += dropped;
    if (dropped > 0)
      lose_requests();
    return true;
  }

  bool pass_answer(uint64_t length, uint64_t& lost) {
    const auto dropped = server_.pass(length);
    if (dropped > 0)
      cut_answer(dropped, lost);
    return true;
  }

  /// The next message of the server begins in bytes that were not captured.
  void cut_answer(uint64_t dropped, uint64_t& lost) {
    is_adrift_ = !requests_.are_requests_lost() && !requests_.are_answers_lost() && shows_its_end();
    if (is_adrift_) {
      adrift_from_ = server_end_ - dropped;
      return;
    }
    lost += dropped;
    lose_answers();
  }

  /// The client speaks, or the connection is over: the end of the answer was there, or is not
  /// known.
  void end_adrift(sink& out) {
    if (!is_adrift_ || reaches_end(true, out))
      return;
    if (!server_.is_cut() && goes_on(server_.bytes()))
      requests_.server_goes_on();
    give_up_end(out);
  }

  /// How the answer under way goes on will not be seen: that it went well so far says nothing.
  void forget_outcome() {
    auto* first = requests_.first();
    if (first != nullptr && first->exchange.outcome == l7_outcome::ok)
      first->exchange.outcome = l7_outcome::unknown;
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
    end_adrift(out);
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
    const bool follows = x.position == server_end_;
    if (is_adrift_ && !follows)
      give_up_end(out);
    server_end_ = x.position + x.size;
    if (is_adrift_)
      return take_adrift(x, out);
    uint64_t dropped = 0;
    uint64_t lost = 0;
    const bool whole = server_row_.take(server_, x, dropped);
    if (!whole && follows && !server_.has_bytes()) {
      cut_answer(dropped, lost);
    } else {
      lost = dropped;
      if (!whole)
        lose_answers();
    }
    if (lost > 0)
      out.not_understood(unparsed::not_captured, lost);
    read_answers(out);
  }

  void take_adrift(const chunk& x, sink& out) {
    uint64_t dropped = 0; // Counted by positions.
    if (x.captured.size() >= end_bytes_max)
      server_.resynchronise();
    server_row_.take(server_, x, dropped);
    if (reaches_end(false, out) || server_.is_cut())
      return;
    const auto size = server_.bytes().size();
    server_.pass(size > end_bytes_max ? size - end_bytes_max : 0);
  }

  void give_up_end(sink& out) {
    is_adrift_ = false;
    lose_answers();
    server_.resynchronise();
    on_answers_lost(out);
    out.not_understood(unparsed::not_captured, server_end_ - adrift_from_);
  }

  /// False where the end of the answer is not there.
  bool reaches_end(bool is_last, sink& out) {
    if (server_.is_cut() || !server_.has_bytes())
      return false;
    const auto at = find_end(server_.bytes(), is_last);
    if (!at.has_value())
      return false;
    is_adrift_ = false;
    const auto behind = server_.bytes().size() - *at;
    server_.pass(*at);
    on_end_found(server_end_ - behind - adrift_from_, out);
    read_answers(out);
    return true;
  }

  void read_answers(sink& out) {
    uint64_t lost = 0;
    while (!is_over() && !is_adrift_ && !requests_.are_answers_lost() && server_.has_bytes()
           && take_answer(out, lost)) {
    }
    if (requests_.are_answers_lost()) {
      on_answers_lost(out);
      lost += server_.resynchronise();
    }
    if (lost > 0)
      out.not_understood(unparsed::not_captured, lost);
  }

  static constexpr size_t end_bytes_max = L7_TAIL_BYTES;

  chunk_row client_row_;
  chunk_row server_row_;
  uint64_t unseen_ns_ = 0;
  uint64_t server_end_ = 0;  ///< position of the server's next chunk
  uint64_t adrift_from_ = 0; ///< of the first byte that was not read
  bool is_adrift_ = false;
};

} // namespace troupe::l7
