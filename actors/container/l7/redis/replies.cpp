// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/redis/replies.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::l7::redis {

namespace {

constexpr int64_t kind_max = 15; // "punsubscribe" is the longest that matters
constexpr uint64_t values_max = uint64_t{1} << 40;

// +1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
bool is_monitored(const resp_line& line) {
  return line.type == '+' && !line.text.empty() && line.text[0] >= '0' && line.text[0] <= '9'
         && line.text.find(" [") != std::string_view::npos;
}

} // namespace

void reply_reader::note(const resp_line& line, std::string_view behind) {
  auto& x = reply_;
  if (x.type == 0) {
    if (line.type != '|' && values_left_ == 1) {
      x.type = line.type;
      x.monitored = is_monitored(line);
    }
    return;
  }
  if (line.type == ':')
    std::from_chars(line.text.data(), line.text.data() + line.text.size(), x.integer);
  // The first value within the first aggregate.
  if (x.kind.empty() && (x.type == '*' || x.type == '>')) {
    if (line.type == '$' && line.number > 0 && line.number <= kind_max)
      x.kind = behind.substr(0, static_cast<size_t>(line.number));
    else
      x.kind = line.type == '+' ? line.text.substr(0, kind_max) : "?";
  }
}

progress reply_reader::read_value(stream_reader& stream, uint64_t& lost) {
  const auto bytes = stream.bytes();
  resp_line line;
  const auto result = read_line(bytes, line);
  if (result == progress::need_more && stream.is_cut() && (bytes[0] == '+' || bytes[0] == '-'))
    note({bytes[0], 0, bytes.substr(1), bytes.size()}, {}); // A long error is one nonetheless.
  if (result != progress::done)
    return result;
  auto length = uint64_t{line.length};
  if (is_bulk(line.type) && line.number >= 0) {
    length += static_cast<uint64_t>(line.number) + 2;
    const bool wants_kind = reply_.type != 0 && reply_.kind.empty() && line.number <= kind_max;
    if (wants_kind && bytes.size() < length && !stream.is_cut())
      return progress::need_more;
  }
  note(line, bytes.substr(line.length));
  if (line.type != '|') // Attributes stand before a value, and are none.
    --values_left_;
  if (is_aggregate(line.type))
    values_left_ += values_of(line);
  reply_.bytes += length;
  lost += stream.pass(length);
  return values_left_ <= values_max ? progress::done : progress::invalid;
}

progress reply_reader::read(stream_reader& stream, uint64_t& lost) {
  if (values_left_ == 0 || reply_.bytes == 0) {
    while (stream.has_bytes() && stream.bytes()[0] == '\n')
      lost += stream.pass(1); // SYNC keeps its client waiting with empty lines.
    if (!stream.has_bytes())
      return progress::need_more;
    reply_ = {};
    reply_.time_ns = stream.time_ns();
    values_left_ = 1;
  }
  // Where the rest was not captured, the beginning tells enough.
  while (values_left_ > 0 && (reply_.bytes == 0 || !stream.is_resumed())) {
    const auto x = stream.has_bytes() ? read_value(stream, lost) : progress::need_more;
    if (x == progress::done)
      continue;
    if (x == progress::invalid || stream.is_cut())
      values_left_ = 0;
    if (x == progress::invalid || !stream.is_cut())
      return x;
    lost += stream.resynchronise();
  }
  values_left_ = 0;
  return reply_.type != 0 ? progress::done : progress::need_more;
}

} // namespace troupe::l7::redis
