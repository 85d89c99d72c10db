// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/postgres/postgres.hpp"

#include "actors/container/l7/ordered_conversation.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/postgres/classify.hpp"
#include "actors/container/l7/postgres/ending.hpp"
#include "actors/container/l7/postgres/interpret.hpp"
#include "actors/container/l7/postgres/requests.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7 {

namespace {

using postgres::header;
using postgres::progress;
using postgres::request;
using kind = postgres::request::kind;

constexpr uint64_t error_wanted = 256; // SQLSTATE comes behind the severity, twice.

class postgres_conversation final : public ordered_conversation<request> {
public:
  void close(sink& out) override;

  [[nodiscard]] bool is_over() const override { return encrypted_; }

private:
  bool take_request(sink& out, uint64_t& lost) override;
  bool take_answer(sink& out, uint64_t& lost) override;
  void on_answers_lost(sink& out) override;
  [[nodiscard]] bool shows_its_end() const override;
  [[nodiscard]] std::optional<size_t> find_end(std::string_view bytes, bool is_last) const override;
  [[nodiscard]] bool goes_on(std::string_view bytes) const override {
    return bytes.size() >= postgres::ready_bytes && !postgres::ends_ready(bytes);
  }
  void on_end_found(uint64_t unseen, sink& out) override;
  /// Whatever the client sends in a COPY, it holds no request until the server ends that.
  [[nodiscard]] bool sends_data() const override { return copying_; }
  void add(request made, sink& out);
  bool is_early(const header& head);
  bool take_encryption_answer(sink& out);
  void on_answer(const header& head, std::string_view body, sink& out);
  void on_error(std::string_view body, sink& out);
  void on_complete();
  void on_ready(sink& out);
  void begin_answer(const header& head);
  void on_unseen_answer(const header& head, std::string_view body, sink& out);
  void tell_completed(sink& out);

  postgres::request_maker maker_;
  /// An Execute that has ended well. The commit behind it may still fail, at its Sync.
  std::optional<l7_exchange> completed_;
  /// Of what was not captured: each answer is to one request, also where that was not seen.
  std::optional<l7_exchange> unseen_; ///< the one that is being answered
  bool unseen_is_bound_ = false;      ///< by the extended protocol
  uint32_t encryption_asked_ = 0;
  bool logged_in_ = false;  ///< what is said before that answers no request
  bool has_copied_ = false; ///< since the last ReadyForQuery: its Sync may be among the data
  bool copying_ = false;    ///< the client sends data, and nothing else
  bool encrypted_ = false;
};

void fail(l7_exchange& exchange, std::string_view sqlstate) {
  exchange.outcome = l7_outcome::failed;
  exchange.status = postgres::number_of(sqlstate);
  exchange.method = sqlstate;
}

bool postgres_conversation::take_request(sink& out, uint64_t& lost) {
  const auto bytes = client_.bytes();
  header head;
  const auto result = postgres::read_client_header(bytes, head);
  if (result == progress::invalid) {
    out.not_understood(unparsed::out_of_sync, client_.resynchronise());
    lose_requests();
    return false;
  }
  const bool enough =
      result == progress::done && bytes.size() - head.body >= postgres::request_maker::wanted(head);
  if (!enough && !client_.is_cut())
    return false;
  if (result == progress::need_more) {
    lost += client_.resynchronise();
    lose_requests();
    return false;
  }
  if (head.code == postgres::ssl_request || head.code == postgres::gss_request)
    ++encryption_asked_;
  const auto body = bytes.substr(head.body, static_cast<size_t>(head.length - head.body));
  if (auto made = maker_.take(head, body, client_.time_ns()); made.has_value())
    add(std::move(*made), out);
  return pass_request(head.length, lost);
}

void postgres_conversation::add(request made, sink& out) {
  if (unseen_ns() == 0) // Else its answer is one of those that nobody can tell apart.
    requests_.add(std::move(made), out);
}

void postgres_conversation::on_answers_lost(sink& out) {
  tell_completed(out);
  forget_outcome();
  unseen_.reset();
  copying_ = false;
}

// One ReadyForQuery is due: behind a query, or behind Executes of which the first is under way.
bool postgres_conversation::shows_its_end() const {
  const auto& all = requests_.all();
  if (copying_ || all.empty() || !all.front().is_told() || !all.front().has_begun)
    return false;
  const auto due =
      std::count_if(all.begin(), all.end(), [](const request& x) { return x.is != kind::execute; });
  return due == 1 && all.back().is != kind::execute;
}

// Which one of several Executes failed, the end does not say.
std::optional<size_t> postgres_conversation::find_end(std::string_view bytes,
                                                      bool /*is_last*/) const {
  const auto found = postgres::find_ending(bytes);
  if (!found.has_value() || (found->failed && requests_.all().size() > 2))
    return std::nullopt;
  return found->at;
}

// Where one of several Executes had failed, those behind it would not have been run.
void postgres_conversation::on_end_found(uint64_t unseen, sink& out) {
  tell_completed(out);
  requests_.first()->exchange.response_bytes += unseen;
  while (requests_.all().size() > 2) {
    auto x = requests_.take_first();
    if (!x.has_begun)
      answer_at(x.exchange, server_.time_ns());
    x.exchange.outcome = l7_outcome::ok;
    out.exchanged(std::move(x.exchange));
  }
}

// A single byte. False where it is none.
bool postgres_conversation::take_encryption_answer(sink& out) {
  if (encryption_asked_ == 0)
    return false;
  --encryption_asked_;
  const char answer = server_.bytes()[0];
  encrypted_ = answer == 'S' || answer == 'G';
  if (encrypted_ || answer != 'N') // An old server answers by an error.
    return encrypted_;
  const auto lost = server_.pass(1);
  if (lost > 0) {
    out.not_understood(unparsed::not_captured, lost);
    lose_answers();
  }
  return true;
}

bool postgres_conversation::take_answer(sink& out, uint64_t& lost) {
  if (take_encryption_answer(out))
    return !encrypted_;
  const auto bytes = server_.bytes();
  header head;
  const auto result = postgres::read_server_header(bytes, head);
  if (result == progress::invalid) {
    out.not_understood(unparsed::out_of_sync, server_.resynchronise());
    lose_answers();
    return false;
  }
  const auto wanted = head.type == 'E' ? std::min(head.length, error_wanted) : head.body;
  if ((result == progress::need_more || bytes.size() < wanted) && !server_.is_cut())
    return false;
  if (result == progress::need_more) {
    cut_answer(server_.resynchronise(), lost);
    return false;
  }
  if (is_early(head))
    return false;
  on_answer(head, bytes.substr(head.body, static_cast<size_t>(head.length - head.body)), out);
  return pass_answer(head.length, lost);
}

// Also the error of what is slow to send its messages: the first fails before the last is sent.
bool postgres_conversation::is_early(const header& head) {
  return logged_in_ && !has_copied_ && !postgres::is_asynchronous(head.type)
         && requests_.waits_for_request();
}

// Rows have come, or may be sent: so far it went well.
void postgres_conversation::begin_answer(const header& head) {
  auto* first = requests_.first();
  if (first == nullptr || (!first->is_told() && !first->has_parsed))
    return;
  auto& x = first->exchange;
  x.response_bytes += head.length;
  if (!first->has_begun)
    answer_at(x, server_.time_ns());
  first->has_begun = true;
  const bool good = std::string_view{"TDGHWdV"}.find(head.type) != std::string_view::npos;
  if (good && x.outcome == l7_outcome::unknown)
    x.outcome = l7_outcome::ok;
}

void postgres_conversation::on_answer(const header& head, std::string_view body, sink& out) {
  if (postgres::is_asynchronous(head.type))
    return;
  if (head.type != 'E')
    tell_completed(out);
  if (requests_.empty() && unseen_ns() != 0)
    return on_unseen_answer(head, body, out);
  if (requests_.empty() && std::string_view{"CDIdV"}.find(head.type) != std::string_view::npos)
    out.not_understood(unparsed::unanswered, head.length);
  if (head.type != 'Z')
    begin_answer(head);
  switch (head.type) {
    case 'C':
    case 'I':
    case 's':
      return on_complete();
    case 'E':
      return on_error(body, out);
    case 'Z':
      logged_in_ = true;
      has_copied_ = false;
      return on_ready(out);
    case 'G':
    case 'W':
      copying_ = has_copied_ = true;
      return;
    default:
      return;
  }
}

// An Execute has a completion of its own, a query may have several before it is over.
void postgres_conversation::on_unseen_answer(const header& head, std::string_view body, sink& out) {
  if (head.type == 'E' && completed_.has_value()) { // The commit behind it failed.
    fail(*completed_, postgres::sqlstate_of(body));
    return tell_completed(out);
  }
  if (head.type != 'Z') {
    if (!unseen_.has_value()) {
      unseen_ = maker_.cut_off(unseen_ns()).exchange;
      answer_at(*unseen_, server_.time_ns());
    }
    unseen_->response_bytes += head.length;
  }
  copying_ = head.type == 'G' || head.type == 'W';
  switch (head.type) {
    case '2':
      unseen_is_bound_ = true;
      return;
    case 'C':
    case 'I':
    case 's':
      unseen_->outcome = l7_outcome::ok;
      if (unseen_is_bound_)
        completed_ = std::exchange(unseen_, std::nullopt);
      return;
    case 'E':
      return fail(*unseen_, postgres::sqlstate_of(body));
    case 'Z':
      if (unseen_.has_value() && unseen_->outcome != l7_outcome::unknown)
        out.exchanged(std::move(*unseen_));
      unseen_.reset();
      unseen_is_bound_ = false;
      return;
    default:
      return;
  }
}

void postgres_conversation::tell_completed(sink& out) {
  if (completed_.has_value())
    out.exchanged(std::move(*completed_));
  completed_.reset();
}

void postgres_conversation::on_complete() {
  copying_ = false;
  auto* first = requests_.first();
  if (first == nullptr || !first->is_told())
    return;
  if (first->exchange.outcome != l7_outcome::failed)
    first->exchange.outcome = l7_outcome::ok;
  if (first->is == kind::execute)
    completed_ = requests_.take_first().exchange;
}

void postgres_conversation::on_error(std::string_view body, sink& out) {
  copying_ = false;
  const auto sqlstate = postgres::sqlstate_of(body);
  auto* first = requests_.first();
  const bool of_commit = first != nullptr && first->is == kind::sync && !first->has_parsed;
  if (completed_.has_value() && of_commit)
    fail(*completed_, sqlstate);
  tell_completed(out);
  if (first == nullptr)
    return;
  fail(first->exchange, sqlstate);
  if (first->is == kind::execute)
    out.exchanged(requests_.take_first().exchange);
}

// The answer to a query or a function call, or to the Sync behind any number of Executes. Those
// that wait yet were passed over for an error before them.
void postgres_conversation::on_ready(sink& out) {
  copying_ = false;
  bool passed_over = false;
  while (!requests_.empty()) {
    const auto is = requests_.first()->is;
    if (passed_over && (is == kind::query || is == kind::function))
      return;
    auto x = requests_.take_first();
    if (x.is_told() || (x.has_parsed && x.exchange.outcome == l7_outcome::failed))
      out.exchanged(std::move(x.exchange));
    if (is != kind::execute)
      return;
    passed_over = true;
  }
}

void postgres_conversation::close(sink& out) {
  end_adrift(out);
  tell_completed(out);
  auto* first = requests_.first();
  if (first != nullptr && first->has_begun && first->is_told() && !requests_.are_answers_lost()) {
    if (first->exchange.outcome != l7_outcome::failed)
      first->exchange.outcome = l7_outcome::unknown; // Not to its end.
    out.exchanged(requests_.take_first().exchange);
  }
  requests_.close(out);
}

} // namespace

const protocol postgres_protocol{
    l7_protocol::postgres,
    postgres::classify,
    []() -> std::unique_ptr<conversation> { return std::make_unique<postgres_conversation>(); },
    16384,
    16384,
    true};

} // namespace troupe::l7
