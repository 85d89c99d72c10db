// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/clickhouse_conversation.hpp"
#include "actors/container/l7/pending_exchanges.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7::clickhouse {

/// A connection that does not begin with Hello is in its midst.
void clickhouse_conversation::begin(const chunk& x) {
  hello said;
  if (x.position == 0 && read_hello(x.captured, said) != reading::invalid)
    return;
  phase_ = phase::queries;
  for (auto& spoken : directions_)
    spoken.in_step = false;
}

bool clickhouse_conversation::greet_server(sink& out) {
  auto& reader = of(side::client).reader;
  if (phase_ == phase::server_hello) { // What else belongs to its Hello.
    greeting_.request_bytes += reader.bytes().size();
    return pass(side::client, reader.bytes().size(), out);
  }
  hello said;
  const auto read = read_hello(reader.bytes(), said);
  if (read == reading::need_more && !reader.is_cut())
    return false;
  if (read != reading::done) {
    phase_ = phase::queries;
    lose(side::client, unparsed::out_of_sync, out);
    return false;
  }
  revision_ = said.revision;
  greeting_.protocol = l7_protocol::clickhouse;
  greeting_.operation = "HELLO";
  greeting_.started_ns = reader.time_ns();
  greeting_.request_bytes = reader.bytes().size();
  phase_ = phase::server_hello;
  return pass(side::client, reader.bytes().size(), out);
}

/// The server greets as well, or refuses the client with an exception.
bool clickhouse_conversation::greet_client(sink& out) {
  auto& reader = of(side::server).reader;
  const auto bytes = reader.bytes();
  if (phase_ == phase::addendum) // The rest of its Hello.
    return pass(side::server, bytes.size(), out);
  if (phase_ == phase::server_hello && bytes[0] == static_cast<char>(server_packet::exception)) {
    if (bytes.size() < 5 && !reader.is_cut())
      return false;
    refused(bytes, out);
    return true;
  }
  hello said;
  const auto read = phase_ == phase::server_hello ? read_hello(bytes, said) : reading::invalid;
  if (read == reading::need_more && !reader.is_cut())
    return false;
  if (read != reading::done) {
    phase_ = phase::queries;
    revision_ = 0;
    lose(side::server, unparsed::out_of_sync, out);
    return false;
  }
  revision_ = std::min(revision_, said.revision);
  phase_ = phase::addendum;
  return pass(side::server, bytes.size(), out);
}

void clickhouse_conversation::refused(std::string_view bytes, sink& out) {
  asked_.emplace(asked_query{std::exchange(greeting_, {}), true, true, false});
  phase_ = phase::queries;
  answer_at(asked_->exchange, of(side::server).reader.time_ns());
  if (bytes.size() < 5) // Its code was not captured.
    settle(l7_outcome::failed, out);
}

bool clickhouse_conversation::add_to_greeting(sink& out) {
  auto& reader = of(side::client).reader;
  addendum said;
  if (revision_ >= since::addendum
      && read_addendum(reader.bytes(), revision_, said) == reading::need_more) {
    if (!reader.is_cut())
      return false;
    phase_ = phase::queries;
    lose(side::client, unparsed::not_captured, out);
    return false;
  }
  phase_ = phase::queries;
  is_over_ = said.is_chunked;
  return said.bytes == 0 || pass(side::client, said.bytes, out);
}

} // namespace troupe::l7::clickhouse
