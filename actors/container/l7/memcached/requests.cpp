// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/memcached/requests.hpp"

#include <algorithm>
#include <array>

namespace troupe::l7::memcached {

namespace {

struct verb_fact {
  std::string_view verb;
  answer_kind answered = answer_kind::line;
  uint8_t length_at = 0; ///< the word that says how many bytes follow; 0: none do
};

using enum answer_kind;

constexpr std::array<verb_fact, 33> verbs{{
    {"get", values, 0},
    {"gets", values, 0},
    {"gat", values, 0},
    {"gats", values, 0},
    {"set", line, 4},
    {"add", line, 4},
    {"replace", line, 4},
    {"append", line, 4},
    {"prepend", line, 4},
    {"cas", line, 4},
    {"delete", line, 0},
    {"incr", line, 0},
    {"decr", line, 0},
    {"touch", line, 0},
    {"stats", lines, 0},
    {"version", line, 0},
    {"verbosity", line, 0},
    {"flush_all", line, 0},
    {"mg", meta, 0},
    {"ms", meta, 2},
    {"md", meta, 0},
    {"ma", meta, 0},
    {"me", meta, 0},
    {"mn", noop, 0},
    {"quit", none, 0},
    {"shutdown", line, 0},
    {"slabs", line, 0},
    {"lru", line, 0},
    {"lru_crawler", lines, 0},
    {"watch", stream, 0},
    {"refresh_certs", line, 0},
    {"cache_memlimit", line, 0},
    {"misbehave", line, 0},
}};

struct opcode_fact {
  std::string_view name;
  bool quiet = false;
};

// By number. What a command says of itself is left to its answer.
constexpr std::array<opcode_fact, 0x25> opcodes{{
    {"get"},          {"set"},           {"add"},        {"replace"},    {"delete"},
    {"incr"},         {"decr"},          {"quit"},       {"flush_all"},  {"get", true},
    {"noop"},         {"version"},       {"get"},        {"get", true},  {"append"},
    {"prepend"},      {"stats"},         {"set", true},  {"add", true},  {"replace", true},
    {"delete", true}, {"incr", true},    {"decr", true}, {"quit", true}, {"flush_all", true},
    {"append", true}, {"prepend", true}, {"verbosity"},  {"touch"},      {"gat"},
    {"gat", true},    {"hello"},         {"sasl_list"},  {"sasl_auth"},  {"sasl_step"},
    {"gat"},          {"gat", true},
}};
constexpr uint8_t opcode_quit = 0x07;
constexpr uint8_t opcode_quit_quietly = 0x17;

const verb_fact* find(std::string_view verb) {
  const auto* found =
      std::find_if(verbs.begin(), verbs.end(), [&](const verb_fact& x) { return x.verb == verb; });
  return found != verbs.end() ? found : nullptr;
}

void read_flags(request& x, const text_line& words) {
  const size_t first = x.exchange.operation == "ms" ? 3 : 2;
  for (size_t i = first; i < words.count; ++i) {
    const auto flag = words.words[i];
    x.quiet = x.quiet || flag == "q";
    if (flag[0] == 'O')
      x.token = flag.substr(1, 32);
  }
}

request make(std::string_view operation, std::string_view detail) {
  request result;
  result.exchange.protocol = l7_protocol::memcached;
  result.exchange.operation = operation.substr(0, operation_bytes_max);
  result.exchange.detail = detail.substr(0, detail_bytes_max);
  return result;
}

} // namespace

bool is_command(std::string_view verb) {
  return find(verb) != nullptr;
}

bool is_storage(const text_line& words) {
  const auto* fact = find(words.word(0));
  return fact != nullptr && fact->length_at == 4 && words.count >= 5
         && read_length(words.word(2)).has_value() && read_length(words.word(4)).has_value();
}

request request_of(const text_line& words, uint64_t& data_bytes) {
  constexpr size_t end_bytes = 2;
  auto x = make(words.word(0), words.text);
  data_bytes = 0;
  const auto* fact = find(words.word(0));
  if (fact == nullptr) // The server will say ERROR.
    return x;
  x.answered = fact->answered;
  if (fact->answered == answer_kind::meta)
    read_flags(x, words);
  else if (fact->answered == answer_kind::line && words.count > 1 && words.last == "noreply")
    x.answered = answer_kind::none;
  if (fact->length_at > 0)
    if (const auto length = read_length(words.word(fact->length_at)); length.has_value())
      data_bytes = *length + end_bytes;
  return x;
}

request request_of_beginning(std::string_view text) {
  const auto verb = text.substr(0, text.find(' '));
  auto x = make(verb, text);
  if (const auto* fact = find(verb); fact != nullptr)
    x.answered = fact->answered;
  return x;
}

request request_of(const binary_header& head, std::string_view bytes) {
  const auto& fact = opcodes[head.opcode];
  auto x = make(fact.name, fact.name);
  x.answered = head.opcode == opcode_quit_quietly ? answer_kind::none : answer_kind::binary;
  x.quiet = fact.quiet;
  x.opcode = head.opcode;
  x.opaque = head.opaque;
  const auto at = std::min(binary_header_bytes + head.extra_bytes, bytes.size());
  const auto key = bytes.substr(at, head.key_bytes);
  if (!key.empty())
    x.exchange.detail.append(1, ' ').append(key.substr(0, detail_bytes_max / 2));
  return x;
}

bool is_farewell(const request& x) {
  return x.exchange.operation == "quit"
         && (x.answered == answer_kind::none || x.opcode == opcode_quit);
}

bool is_farewell(const binary_header& head) {
  return head.opcode == opcode_quit;
}

} // namespace troupe::l7::memcached
