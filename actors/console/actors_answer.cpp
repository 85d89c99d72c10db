// SPDX-License-Identifier: Apache-2.0
#include "actors/console/actors_answer.hpp"

#include <simdjson.h>

#include <string_view>

namespace troupe {

namespace {

constexpr size_t rows_max = 20'000;
constexpr size_t text_bytes_max = 512;

bool read(const simdjson::dom::object& from, std::string_view key, uint64_t& into) {
  return from[key].get_uint64().get(into) == simdjson::SUCCESS;
}

bool read(const simdjson::dom::object& from, std::string_view key, std::string& into) {
  std::string_view text;
  if (from[key].get_string().get(text) != simdjson::SUCCESS)
    return false;
  into = text.substr(0, text_bytes_max);
  return true;
}

bool read_row(const simdjson::dom::object& from, actor_sample& into) {
  std::string last;
  if (read(from, "last_message", last)) {
    into.last_message = std::move(last);
    if (!read(from, "last_message_age_ns", into.last_message_age_ns))
      return false;
  }
  static_cast<void>(read(from, "container_key", into.container_key)); // Containers have one.
  return read(from, "actor", into.actor) && read(from, "label", into.label)
         && read(from, "state", into.state) && read(from, "messages", into.messages)
         && read(from, "batches", into.batches) && read(from, "mailbox", into.mailbox)
         && read(from, "credit_used", into.credit_used)
         && read(from, "credit_granted", into.credit_granted)
         && read(from, "restarts", into.restarts) && read(from, "waiting_ns", into.waiting_ns);
}

bool read_rows(const simdjson::dom::object& from, std::string_view key,
               std::vector<actor_sample>& into) {
  simdjson::dom::array rows;
  if (from[key].get_array().get(rows) != simdjson::SUCCESS)
    return false;
  for (const auto element : rows) {
    simdjson::dom::object row;
    if (into.size() == rows_max || element.get_object().get(row) != simdjson::SUCCESS
        || !read_row(row, into.emplace_back()))
      return false;
  }
  return true;
}

} // namespace

std::optional<actors_answer> parse_actors_answer(const std::string& json) {
  simdjson::dom::parser parser{answer_bytes_max};
  simdjson::dom::object root;
  if (parser.parse(json).get_object().get(root) != simdjson::SUCCESS)
    return std::nullopt;
  actors_answer answer;
  if (!read(root, "read_at_ns", answer.read_at_ns) || !read_rows(root, "actors", answer.actors)
      || !read_rows(root, "busiest_containers", answer.actors))
    return std::nullopt;
  return answer;
}

} // namespace troupe
