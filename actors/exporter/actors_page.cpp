// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/actors_page.hpp"

#include "actors/console/json_writer.hpp"

#include <algorithm>

namespace troupe {

namespace {

void append_row(json_writer& json, const actor_row& x) {
  const auto& gauge = x.gauge;
  json.begin_object();
  json.member("actor", std::string_view{x.actor});
  json.member("label", std::string_view{gauge.label});
  if (x.container != 0)
    json.member("container_key", uint64_t{x.container});
  json.member("state", to_string(x.state));
  json.member("messages", gauge.messages);
  json.member("batches", gauge.batches);
  json.member("mailbox", gauge.mailbox);
  json.member("credit_used", gauge.credit_used);
  json.member("credit_granted", gauge.credit_granted);
  json.member("restarts", x.restarts);
  if (!gauge.last_message.empty()) {
    json.member("last_message", std::string_view{gauge.last_message});
    json.member("last_message_age_ns", gauge.last_message_age_ns);
  }
  json.member("waiting_ns", gauge.waiting_ns);
  json.end_object();
}

void append_rows(json_writer& json, std::string_view name, const std::vector<actor_row>& rows) {
  json.key(name);
  json.begin_array();
  for (const auto& x : rows)
    append_row(json, x);
  json.end_array();
}

} // namespace

std::optional<actors_query> parse_actors_query(std::string_view query) {
  actors_query result;
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (part == "format=json" || part == "format=text")
      result.json = part == "format=json";
    else if (part == "containers=all")
      result.containers_max = all_containers_max;
    else if (part == "containers=busiest")
      result.containers_max = busiest_containers;
    else
      return std::nullopt;
  }
  return result;
}

std::string render_actors_json(const board_reading& board) {
  std::string out;
  json_writer json{out};
  json.begin_object();
  json.member("read_at_ns", board.read_at_ns);
  append_rows(json, "actors", board.actors);
  json.member("containers", board.containers);
  json.key("all_containers");
  append_row(json, board.all_containers);
  append_rows(json, "busiest_containers", board.busiest);
  json.end_object();
  out += '\n';
  return out;
}

} // namespace troupe
