// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/postgres/classify.hpp"

#include "actors/container/l7/postgres/frame.hpp"
#include "actors/container/l7/sql_operation.hpp"

#include <algorithm>
#include <array>

namespace troupe::l7::postgres {

namespace {

// "user\0..." must be in it; the requests have nothing more, or a key.
match matches_startup(std::string_view client) {
  header head;
  const auto result = read_client_header(client, head);
  if (result != progress::done)
    return result == progress::need_more ? match::perhaps : match::no;
  if (head.code == ssl_request || head.code == gss_request)
    return head.length == 8 ? match::yes : match::no;
  if (head.code == cancel_request)
    return head.length >= 16 ? match::yes : match::no;
  const auto text = client.substr(head.body);
  if (text.empty())
    return match::perhaps;
  return text[0] >= 'a' && text[0] <= 'z' ? match::yes : match::no;
}

// The first word of what is a query in every protocol.
bool reads_like_a_query(std::string_view text) {
  constexpr std::array<std::string_view, 10> verbs{
      "SELECT", "INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "SET", "SHOW", "ROLLBACK", "COPY"};
  const auto operation = sql_operation(text.substr(0, 64), sql_dialect::standard);
  const auto verb = std::string_view{operation}.substr(0, operation.find(' '));
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

// Most messages are short, and most noise would be a long one.
progress short_header(progress result, const header& head) {
  constexpr uint64_t midstream_max = 1U << 20;
  return result == progress::done && head.length > midstream_max ? progress::invalid : result;
}

match matches_midstream(const opening& begun) {
  header asked;
  header said;
  const auto client = begun.client.empty() || begun.client[0] == 0
                          ? progress::invalid
                          : short_header(read_client_header(begun.client, asked), asked);
  if (!begun.client.empty() && client == progress::invalid)
    return match::no;
  if (client == progress::done && asked.type == 'Q'
      && reads_like_a_query(begun.client.substr(asked.body)))
    return match::yes;
  const auto server = short_header(read_server_header(begun.server, said), said);
  if (server == progress::invalid)
    return match::no;
  return client == progress::done && server == progress::done ? match::yes : match::perhaps;
}

} // namespace

match classify(const opening& begun) {
  if (!begun.client.empty() && begun.client[0] == 0)
    return matches_startup(begun.client);
  if (begun.in_midstream)
    return matches_midstream(begun);
  // A client of postgres speaks first.
  return begun.client.empty() && begun.server.empty() ? match::perhaps : match::no;
}

} // namespace troupe::l7::postgres
