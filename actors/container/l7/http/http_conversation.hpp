// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/http/direction.hpp"
#include "actors/container/l7/http/exchange_order.hpp"
#include "actors/container/l7/http/interpret.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace troupe::l7::http {

/// One connection. Requests are in requests.cpp, answers in answers.cpp.
class http_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override;
  [[nodiscard]] bool is_over() const override { return left_http_ && (!next_ || next_->is_over()); }
  [[nodiscard]] bool is_at_rest() const override;
  [[nodiscard]] const protocol* changed_to() const override;

private:
  // An answer that came before its request. On loopback one thread may have read the answer before
  // the send of another has returned, which is when we hear of it.
  struct early_answer {
    int status = 0;
    uint64_t time_ns = 0;
    uint64_t bytes = 0;
  };
  static constexpr uint64_t early_most_ns = 10'000'000;
  // An answer whose end is still to come is told after this time: events and logs are followed for
  // days.
  static constexpr uint64_t open_most_ns = 10'000'000'000;

  void hear_client(const chunk& x, sink& out);
  bool read_request(bool with_another, sink& out);
  void pass_request(const request_head& head, uint64_t length, sink& out);
  void read_cut_request(const request_head& head, bool with_another, sink& out);
  bool read_awaited_body(sink& out);
  bool read_request_chunks(sink& out);
  void ask(l7_exchange request, bool with_another, sink& out);
  bool answer_early(l7_exchange& request, sink& out);
  void requests_lost(sink& out);

  void hear_server(const chunk& x, sink& out);
  bool read_answer_chunks(sink& out);
  bool read_answer(const chunk& x, sink& out);
  void read_unasked(const answer_head& head, sink& out);
  void read_cut_answer(const answer_head& head, sink& out);
  void pass_answer(const answer_head& head, uint64_t length, sink& out);
  void leave_http(const answer_head& head, uint64_t length, const chunk& x, sink& out);
  l7_exchange answered(const answer_head& head, uint64_t length);
  void drop_answer(sink& out);
  void answers_lost(sink& out);
  void tell_open(sink& out);
  void forget_early(sink& out);

  direction client_;
  direction server_;
  exchange_order order_;
  std::optional<l7_exchange> open_; ///< its answer is being read
  std::optional<early_answer> early_;
  uint64_t silence_ns_ = 0;     ///< before the newest chunk of the client
  uint64_t awaited_length_ = 0; ///< of the body that waits for "100 Continue"; 0: chunked
  bool in_step_ = true;         ///< an answer without a request is an early one
  bool left_http_ = false;
  std::unique_ptr<conversation> next_; ///< what is spoken then, if we know
};

} // namespace troupe::l7::http
