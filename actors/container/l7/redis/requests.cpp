// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/redis/requests.hpp"

#include "actors/container/l7/redis/classify.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace troupe::l7::redis {

namespace {

constexpr size_t name_max = 64;      // of a command; of its subcommand
constexpr size_t argument_max = 128; // that is shown of each
constexpr uint64_t arguments_shown = 32;

// Those whose first argument is a command below them.
bool has_subcommands(std::string_view name) {
  constexpr std::array<std::string_view, 16> names{
      "ACL",    "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG",   "FUNCTION", "LATENCY",
      "MEMORY", "MODULE", "OBJECT",  "PUBSUB",  "SCRIPT", "SLOWLOG", "XGROUP",   "XINFO"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Their arguments are passwords.
bool is_secret(std::string_view name) {
  return name == "AUTH" || name == "HELLO" || name == "ACL SETUSER";
}

void append_capitals(std::string& to, std::string_view text) {
  for (const char c : text.substr(0, name_max))
    to.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

} // namespace

void command_reader::add_argument(std::string_view text) {
  auto& x = command_;
  if (values_read_ == 0) {
    append_capitals(x.name, text);
    x.takes_subcommand = has_subcommands(x.name);
  } else if (values_read_ == 1 && x.takes_subcommand) {
    x.name.push_back(' ');
    append_capitals(x.name, text);
  }
  const auto room = detail_bytes_max - std::min(detail_bytes_max, x.text.size() + 1);
  const bool shown = values_read_ == 0 || (values_read_ < arguments_shown && !is_secret(x.name));
  if (shown && room > 0) {
    if (!x.text.empty())
      x.text.push_back(' ');
    x.text.append(text.substr(0, std::min(room, argument_max)));
  }
  ++values_read_;
}

progress command_reader::read_words(stream_reader& stream, uint64_t& lost) {
  const auto bytes = stream.bytes();
  const auto letter = static_cast<unsigned char>(bytes[0]);
  const bool empty = bytes[0] == '\r' || bytes[0] == '\n';
  if (!empty && (std::isalpha(letter) == 0 || stream.is_resumed()))
    return progress::invalid;
  if (!empty && !begun_ && matches_words(bytes) == match::no) // The midst of a value, perhaps.
    return progress::invalid;
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos)
    return progress::need_more;
  for (size_t at = 0; at < end;) {
    const auto word = static_cast<size_t>(
        std::find_if_not(bytes.begin() + at, bytes.begin() + end, is_space) - bytes.begin());
    at = static_cast<size_t>(std::find_if(bytes.begin() + word, bytes.begin() + end, is_space)
                             - bytes.begin());
    if (at > word)
      add_argument(bytes.substr(word, at - word));
  }
  command_.arguments = values_read_ > 0 ? values_read_ - 1 : 0;
  command_.bytes = end + 1;
  begun_ = true;
  lost += stream.pass(end + 1);
  return progress::done;
}

progress command_reader::begin(stream_reader& stream, uint64_t& lost) {
  command_ = {};
  command_.time_ns = stream.time_ns();
  values_read_ = 0;
  if (stream.bytes()[0] != '*')
    return read_words(stream, lost);
  resp_line head;
  if (const auto x = read_line(stream.bytes(), head); x != progress::done)
    return x;
  command_.bytes = head.length;
  begun_ = true;
  values_left_ = values_of(head);
  command_.arguments = values_left_ > 0 ? values_left_ - 1 : 0;
  lost += stream.pass(head.length);
  return progress::done;
}

progress command_reader::read_value(stream_reader& stream, uint64_t& lost) {
  resp_line head;
  if (const auto x = read_line(stream.bytes(), head); x != progress::done)
    return x;
  if (head.type != '$' || head.number < 0)
    return progress::invalid;
  const auto length = static_cast<size_t>(head.number);
  const auto wanted = values_read_ < arguments_shown ? std::min(length, argument_max) : 0;
  const auto available = stream.bytes().substr(head.length);
  if (available.size() < wanted && !stream.is_cut())
    return progress::need_more;
  const bool named = values_read_ > 0 || available.size() >= std::min(length, name_max);
  add_argument(named ? available.substr(0, length) : std::string_view{});
  command_.bytes += head.length + length + 2;
  --values_left_;
  lost += stream.pass(head.length + length + 2);
  return progress::done;
}

progress command_reader::read(stream_reader& stream, uint64_t& lost) {
  // An array without values, or an empty line, asks for nothing.
  while (values_left_ == 0) {
    if (!stream.has_bytes())
      return progress::need_more;
    if (const auto x = begin(stream, lost); x != progress::done)
      return x;
    if (values_left_ == 0 && values_read_ > 0)
      return progress::done;
  }
  while (values_left_ > 0 && !stream.is_resumed()) {
    const auto x = stream.has_bytes() ? read_value(stream, lost) : progress::need_more;
    if (x == progress::invalid) {
      values_left_ = 0;
      return x;
    }
    if (x == progress::need_more) {
      if (!stream.is_cut())
        return x;
      lost += stream.resynchronise();
    }
  }
  values_left_ = 0; // Its end was not captured: it is told with what is known of it.
  return progress::done;
}

} // namespace troupe::l7::redis
