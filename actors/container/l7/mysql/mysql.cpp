// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mysql/mysql.hpp"

#include "actors/container/l7/mysql/answers.hpp"
#include "actors/container/l7/mysql/classify.hpp"
#include "actors/container/l7/mysql/ending.hpp"
#include "actors/container/l7/mysql/frame.hpp"
#include "actors/container/l7/mysql/handshake.hpp"
#include "actors/container/l7/mysql/requests.hpp"
#include "actors/container/l7/ordered_conversation.hpp"
#include "actors/container/l7/pending_exchanges.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7 {

namespace {

using mysql::answer_kind;
using mysql::answer_step;
using mysql::header_bytes;
using mysql::packet_header;
using mysql::request;

class mysql_conversation final : public ordered_conversation<request> {
public:
  void close(sink& out) override;

  [[nodiscard]] bool is_over() const override { return over_; }

private:
  bool take_request(sink& out, uint64_t& lost) override;
  bool take_answer(sink& out, uint64_t& lost) override;
  void lose_requests() override;
  void on_answers_lost(sink& out) override;
  [[nodiscard]] bool shows_its_end() const override;
  [[nodiscard]] std::optional<size_t> find_end(std::string_view bytes, bool is_last) const override;
  void on_end_found(uint64_t unseen, sink& out) override;
  /// Whatever is in a file, it holds no command until the server has it all.
  [[nodiscard]] bool sends_data() const override { return sends_file_; }
  [[nodiscard]] bool begins_command(const packet_header& head) const {
    return !connecting_ && !client_goes_on_ && head.sequence == 0;
  }
  [[nodiscard]] bool makes_sense(const packet_header& head, std::string_view payload) const;
  void on_packet(const packet_header& head, std::string_view payload, sink& out);
  void on_request(const packet_header& head, std::string_view payload, sink& out);
  bool is_early(const packet_header& head);
  void on_answer(const packet_header& head, std::string_view payload, sink& out);
  void on_connecting(const packet_header& head, std::string_view payload);
  void on_step(answer_step step, const packet_header& head, sink& out);
  void finish(l7_outcome outcome, sink& out);

  mysql::request_maker maker_;
  mysql::answer_reader answers_;
  uint32_t server_can_ = 0;
  uint32_t client_wants_ = 0;
  bool connecting_ = false; ///< the server has greeted, and not let the client in yet
  bool responded_ = false;  ///< to the greeting
  bool logged_in_ = false;
  bool sends_file_ = false;
  bool client_goes_on_ = false; ///< the last packet was full
  bool server_goes_on_ = false;
  bool over_ = false;
};

void mysql_conversation::lose_requests() {
  ordered_conversation::lose_requests();
  client_goes_on_ = false;
}

// A command, or a further packet of one or of a login. Where its first byte is not here: perhaps.
bool mysql_conversation::makes_sense(const packet_header& head, std::string_view payload) const {
  if (begins_command(head))
    return payload.empty() ? head.length > 0 : mysql::is_command(payload, head.length);
  return !client_.is_resumed() && (connecting_ || client_goes_on_ || !requests_.empty());
}

void mysql_conversation::on_packet(const packet_header& head, std::string_view payload, sink& out) {
  const bool begins = begins_command(head);
  client_goes_on_ = head.length == mysql::full_packet;
  if (begins)
    on_request(head, payload, out);
  else if (connecting_)
    on_connecting(head, payload);
  else if (auto* last = requests_.last(); last != nullptr)
    last->exchange.request_bytes += header_bytes + head.length;
}

bool mysql_conversation::take_request(sink& out, uint64_t& lost) {
  const auto bytes = client_.bytes();
  const auto head = mysql::read_header(bytes);
  if (!head.has_value() && !client_.is_cut())
    return false;
  const auto payload =
      head.has_value() ? bytes.substr(header_bytes, head->length) : std::string_view{};
  if (head.has_value() && !makes_sense(*head, payload)) {
    out.not_understood(unparsed::out_of_sync, client_.resynchronise());
    lose_requests();
    return false;
  }
  const bool enough =
      head.has_value() && payload.size() >= std::min<uint64_t>(head->length, detail_bytes_max);
  if (!enough && !client_.is_cut())
    return false;
  if (payload.empty() && (!head.has_value() || head->length > 0)) {
    lost += client_.resynchronise();
    lose_requests();
    return false;
  }
  on_packet(*head, payload, out);
  return pass_request(header_bytes + head->length, lost);
}

void mysql_conversation::on_request(const packet_header& head, std::string_view payload,
                                    sink& out) {
  if (auto made = maker_.take(payload, head.length, client_.time_ns()); made.has_value())
    requests_.add(std::move(*made), out);
}

// The client's answer to the greeting; what it says later is its login.
void mysql_conversation::on_connecting(const packet_header& head, std::string_view payload) {
  if (std::exchange(responded_, true))
    return;
  client_wants_ = mysql::capabilities_of_response(payload);
  over_ = mysql::asks_for_tls(client_wants_, head.length);
}

void mysql_conversation::on_answers_lost(sink& /*out*/) {
  forget_outcome();
  answers_.forget();
  server_goes_on_ = false;
  sends_file_ = false;
  connecting_ = false;
}

bool mysql_conversation::shows_its_end() const {
  if (connecting_ || requests_.all().size() != 1)
    return false;
  const auto& only = requests_.all().front();
  const bool has_rows = only.answered == answer_kind::results || only.answered == answer_kind::rows;
  return only.has_begun && has_rows;
}

std::optional<size_t> mysql_conversation::find_end(std::string_view bytes, bool is_last) const {
  const auto found = mysql::find_ending(bytes);
  if (!found.has_value() || !(found->follows_row || (is_last && !found->goes_on)))
    return std::nullopt;
  return found->at;
}

void mysql_conversation::on_end_found(uint64_t unseen, sink& /*out*/) {
  auto& only = *requests_.first();
  only.exchange.response_bytes += unseen;
  server_goes_on_ = false;
  if (only.answered == answer_kind::results)
    answers_.skip_rows();
}

bool mysql_conversation::is_early(const packet_header& head) {
  return logged_in_ && !server_goes_on_ && !server_.is_cut() && head.sequence == 1
         && !answers_.is_within() && requests_.waits_for_request();
}

// A row is one by its first byte; what closes rows says more.
bool tells(std::string_view payload, size_t wanted) {
  constexpr char end_mark = '\xfe';
  constexpr char error_mark = '\xff';
  return payload.size() >= wanted
         || (!payload.empty() && payload[0] != end_mark && payload[0] != error_mark);
}

bool mysql_conversation::take_answer(sink& out, uint64_t& lost) {
  const auto bytes = server_.bytes();
  const auto head = mysql::read_header(bytes);
  const bool greets = head.has_value() && head->sequence == 0;
  const auto needed = greets ? uint32_t{128} : mysql::answer_reader::wanted;
  const auto wanted = head.has_value() ? header_bytes + std::min(head->length, needed) : 0;
  if ((!head.has_value() || bytes.size() < wanted) && !server_.is_cut())
    return false;
  if (!head.has_value() || !tells(bytes.substr(header_bytes), wanted - header_bytes)) {
    cut_answer(server_.resynchronise(), lost);
    return false;
  }
  if (is_early(*head))
    return false;
  if (!std::exchange(server_goes_on_, head->length == mysql::full_packet))
    on_answer(*head, bytes.substr(header_bytes, head->length), out);
  else if (auto* first = requests_.first(); first != nullptr)
    first->exchange.response_bytes += header_bytes + head->length;
  if (requests_.are_answers_lost() || over_)
    return false;
  return pass_answer(header_bytes + head->length, lost);
}

void mysql_conversation::on_answer(const packet_header& head, std::string_view payload, sink& out) {
  const auto mark = payload.empty() ? 0xff : static_cast<uint8_t>(payload[0]);
  if (head.sequence == 0 && requests_.empty() && mysql::is_greeting(payload)) {
    server_can_ = mysql::capabilities_of_greeting(payload);
    connecting_ = true;
    responded_ = false;
  } else if (connecting_) {
    connecting_ = mark != 0x00 && mark != 0xff;
    logged_in_ = mark == 0x00;
    const auto agreed = connecting_ ? 0 : server_can_ & client_wants_;
    over_ = mark == 0 && (agreed & (mysql::compress | mysql::zstd)) != 0;
    answers_.set_optional_metadata((agreed & mysql::optional_metadata) != 0);
  } else {
    const auto* first = requests_.first();
    const auto kind = first != nullptr ? first->answered : answer_kind::none;
    on_step(answers_.read(kind, payload, head.length, head.sequence), head, out);
  }
}

void mysql_conversation::on_step(answer_step step, const packet_header& head, sink& out) {
  auto* first = requests_.first();
  if (step == answer_step::no_part)
    return;
  if (first == nullptr)
    return out.not_understood(unparsed::unanswered, header_bytes + uint64_t{head.length});
  if (step == answer_step::invalid) {
    out.not_understood(unparsed::out_of_sync, server_.resynchronise());
    return lose_answers();
  }
  auto& x = first->exchange;
  x.response_bytes += header_bytes + uint64_t{head.length};
  if (!std::exchange(first->has_begun, true))
    answer_at(x, server_.time_ns());
  sends_file_ = step == answer_step::wants_file;
  if (step == answer_step::result) // Rows follow: so far it went well.
    x.outcome = l7_outcome::ok;
  if (step == answer_step::failed)
    x.status = answers_.error();
  if (step == answer_step::done && first->answered == answer_kind::prepared)
    maker_.on_prepared(answers_.statement(), first->prepares);
  if (step == answer_step::done && first->answered == answer_kind::endless)
    over_ = true;
  if (step == answer_step::done || step == answer_step::failed)
    finish(step == answer_step::done ? l7_outcome::ok : l7_outcome::failed, out);
}

void mysql_conversation::finish(l7_outcome outcome, sink& out) {
  auto exchange = requests_.take_first().exchange;
  exchange.outcome = outcome;
  out.exchanged(std::move(exchange));
}

void mysql_conversation::close(sink& out) {
  end_adrift(out);
  const auto* first = requests_.first();
  if (first != nullptr && first->has_begun && !requests_.are_answers_lost())
    finish(l7_outcome::unknown, out); // Not to its end.
  requests_.close(out);
}

} // namespace

const protocol mysql_protocol{
    l7_protocol::mysql,
    mysql::classify,
    []() -> std::unique_ptr<conversation> { return std::make_unique<mysql_conversation>(); },
    4096,
    16384,
    true};

} // namespace troupe::l7
