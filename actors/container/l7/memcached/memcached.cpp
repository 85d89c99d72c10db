// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/memcached/memcached.hpp"

#include "actors/container/l7/memcached/answers.hpp"
#include "actors/container/l7/memcached/classify.hpp"
#include "actors/container/l7/memcached/requests.hpp"
#include "actors/container/l7/ordered_conversation.hpp"
#include "actors/container/l7/pending_exchanges.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7 {

namespace {

using memcached::answer_kind;
using memcached::binary_header_bytes;
using memcached::request;
using memcached::text_answer;

constexpr size_t key_max = 250;

class memcached_conversation final : public ordered_conversation<request> {
public:
  void close(sink& out) override;

  [[nodiscard]] bool is_over() const override { return over_; }

private:
  bool take_request(sink& out, uint64_t& lost) override;
  bool take_answer(sink& out, uint64_t& lost) override;
  bool take_text_request(sink& out, uint64_t& lost);
  bool take_binary_request(sink& out, uint64_t& lost);
  bool refuse_request(sink& out);
  void add(request made, uint64_t bytes, sink& out);
  bool take_text_answer(sink& out, uint64_t& lost);
  bool take_binary_answer(sink& out, uint64_t& lost);
  bool begin_answer(std::optional<size_t> asked, uint64_t bytes, bool failed, sink& out);
  void finish(bool failed, sink& out);

  bool was_silent_ = false; ///< the newest command; an error that the server tells may be its own
  bool over_ = false;
};

bool memcached_conversation::take_request(sink& out, uint64_t& lost) {
  return client_.bytes()[0] == memcached::binary_request ? take_binary_request(out, lost)
                                                         : take_text_request(out, lost);
}

bool memcached_conversation::take_answer(sink& out, uint64_t& lost) {
  return server_.bytes()[0] == memcached::binary_response ? take_binary_answer(out, lost)
                                                          : take_text_answer(out, lost);
}

// It makes no sense: on with the next chunk.
bool memcached_conversation::refuse_request(sink& out) {
  out.not_understood(unparsed::out_of_sync, client_.resynchronise());
  lose_requests();
  return false;
}

void memcached_conversation::add(request made, uint64_t bytes, sink& out) {
  made.exchange.started_ns = client_.time_ns();
  made.exchange.request_bytes = bytes;
  if (memcached::is_farewell(made))
    return;
  was_silent_ = made.answered == answer_kind::none;
  if (was_silent_) // noreply: nobody will know.
    out.exchanged(std::move(made.exchange));
  else
    requests_.add(std::move(made), out);
}

bool memcached_conversation::take_text_request(sink& out, uint64_t& lost) {
  const auto bytes = client_.bytes();
  const auto verb = bytes.substr(0, bytes.find_first_of(" \r\n"));
  const bool ended = verb.size() < bytes.size();
  const bool lower = std::all_of(verb.begin(), verb.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  // What nobody knows may be a command, but not where it may be anything.
  const bool known = !ended || memcached::is_command(verb);
  if (!lower || verb.size() > 32 || (client_.is_resumed() && !known))
    return refuse_request(out);
  if (const auto line = memcached::read_line(bytes); line.has_value()) {
    uint64_t data = 0;
    auto made = memcached::request_of(*line, data);
    const auto length = line->length + data;
    if (line->count > 0)
      add(std::move(made), length, out);
    return pass_request(length, lost);
  }
  if (!client_.is_cut())
    return false;
  if (ended && memcached::is_command(verb)) // Many keys, of which the first were captured.
    add(memcached::request_of_beginning(bytes), bytes.size(), out);
  lost += client_.resynchronise();
  lose_requests();
  return false;
}

bool memcached_conversation::take_binary_request(sink& out, uint64_t& lost) {
  const auto bytes = client_.bytes();
  if (bytes.size() < binary_header_bytes) {
    if (client_.is_cut()) {
      lost += client_.resynchronise();
      lose_requests();
    }
    return false;
  }
  const auto head = memcached::read_binary(bytes);
  if (!head.has_value())
    return refuse_request(out);
  const auto wanted =
      binary_header_bytes + std::min<size_t>(size_t{head->extra_bytes} + head->key_bytes, key_max);
  if (bytes.size() < wanted && !client_.is_cut())
    return false;
  add(memcached::request_of(*head, bytes), head->length(), out);
  return pass_request(head->length(), lost);
}

// Those before the one that is answered were quiet: they had nothing to say, which is an answer.
// An error may have been theirs.
bool memcached_conversation::begin_answer(std::optional<size_t> asked, uint64_t bytes, bool failed,
                                          sink& out) {
  if (!asked.has_value()) {
    out.not_understood(unparsed::unanswered, bytes);
    return false;
  }
  for (size_t i = 0; i < *asked; ++i) {
    auto silent = requests_.take_first().exchange;
    answer_at(silent, server_.time_ns());
    silent.outcome = failed ? l7_outcome::unknown : l7_outcome::ok;
    out.exchanged(std::move(silent));
  }
  auto* first = requests_.first();
  first->exchange.response_bytes += bytes;
  if (!std::exchange(first->has_begun, true))
    answer_at(first->exchange, server_.time_ns());
  return true;
}

void memcached_conversation::finish(bool failed, sink& out) {
  auto x = requests_.take_first();
  x.exchange.outcome = failed ? l7_outcome::failed : l7_outcome::ok;
  over_ = x.answered == answer_kind::stream && !failed;
  out.exchanged(std::move(x.exchange));
}

bool memcached_conversation::take_text_answer(sink& out, uint64_t& lost) {
  const auto bytes = server_.bytes();
  auto line = memcached::read_line(bytes);
  if (!line.has_value()) {
    if (!server_.is_cut())
      return false;
    if (memcached::begins_error(bytes) && !requests_.empty() && !requests_.first()->quiet) {
      begin_answer(0, bytes.size(), true, out);
      finish(true, out);
    }
    lose_answers();
    return false;
  }
  const auto answer = memcached::answer_of(*line);
  const bool may_be_of_silent = was_silent_ && answer.is == text_answer::kind::error;
  if (!may_be_of_silent && !server_.is_cut() && requests_.waits_for_request())
    return false;
  const auto length = line->length + answer.data_bytes;
  const bool failed = answer.is == text_answer::kind::error;
  const auto asked = memcached::find_asked(requests_.all(), answer, *line);
  if (!asked.has_value() && !requests_.empty()) // An error of one of those that are quiet.
    lose_answers();
  if (begin_answer(asked, length, failed, out)) {
    if (memcached::ends_answer(*requests_.first(), answer, *line))
      finish(failed, out);
    else // There is something: so far it went well.
      requests_.first()->exchange.outcome = l7_outcome::ok;
  }
  return pass_answer(length, lost);
}

bool memcached_conversation::take_binary_answer(sink& out, uint64_t& lost) {
  const auto bytes = server_.bytes();
  if (bytes.size() < binary_header_bytes) {
    if (server_.is_cut())
      lose_answers();
    return false;
  }
  const auto head = memcached::read_binary(bytes);
  if (!head.has_value()) {
    out.not_understood(unparsed::out_of_sync, server_.resynchronise());
    lose_answers();
    return false;
  }
  const bool failed = memcached::is_failure(head->status);
  const auto asked = memcached::find_asked(requests_.all(), *head);
  if (!asked.has_value() && memcached::is_farewell(*head)) // A quit is none of the requests.
    return pass_answer(head->length(), lost);
  if (!server_.is_cut() && requests_.waits_for_request())
    return false;
  if (!asked.has_value() && !requests_.empty()) // Not in the order in which they were asked.
    lose_answers();
  if (begin_answer(asked, head->length(), false, out)) {
    requests_.first()->exchange.status = head->status;
    requests_.first()->exchange.outcome = l7_outcome::ok;
    if (failed || memcached::ends_answer(*head))
      finish(failed, out);
  }
  return pass_answer(head->length(), lost);
}

void memcached_conversation::close(sink& out) {
  // What is quiet may well have been done without a word.
  while (!requests_.empty() && (requests_.first()->quiet || requests_.first()->has_begun)) {
    auto x = requests_.take_first().exchange;
    if (!requests_.are_answers_lost())
      x.outcome = l7_outcome::unknown;
    out.exchanged(std::move(x));
  }
  if (server_.has_bytes() && requests_.waits_for_request())
    out.not_understood(unparsed::unanswered, server_.resynchronise());
  requests_.close(out);
}

} // namespace

const protocol memcached_protocol{
    l7_protocol::memcached,
    memcached::classify,
    []() -> std::unique_ptr<conversation> { return std::make_unique<memcached_conversation>(); },
    32768,
    32768,
    true};

} // namespace troupe::l7
