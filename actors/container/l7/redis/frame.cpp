// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/redis/frame.hpp"

#include <charconv>

namespace troupe::l7::redis {

namespace {

// "$" or "*", sign, digits: redis has no larger length than 512 MB.
constexpr size_t number_line_max = 16;
constexpr int64_t number_max = 1'000'000'000;

bool is_known(char type) {
  return is_bulk(type) || is_aggregate(type)
         || std::string_view{"+-:_#,("}.find(type) != std::string_view::npos;
}

// So far: the end of its line is not here.
bool may_be_number(std::string_view text) {
  return text.size() + 1 < number_line_max
         && text.find_first_not_of("-0123456789\r") == std::string_view::npos;
}

progress read_number(resp_line& line) {
  const auto* end = line.text.data() + line.text.size();
  const auto [at, error] = std::from_chars(line.text.data(), end, line.number);
  const bool good = error == std::errc{} && at == end && line.number >= -1;
  return good && line.number <= number_max ? progress::done : progress::invalid;
}

} // namespace

bool is_bulk(char type) {
  return type == '$' || type == '=' || type == '!';
}

bool is_aggregate(char type) {
  return type == '*' || type == '~' || type == '>' || type == '%' || type == '|';
}

uint64_t values_of(const resp_line& aggregate) {
  if (aggregate.number <= 0)
    return 0;
  const auto count = static_cast<uint64_t>(aggregate.number);
  return aggregate.type == '%' || aggregate.type == '|' ? 2 * count : count;
}

progress read_line(std::string_view bytes, resp_line& line) {
  if (bytes.empty())
    return progress::need_more;
  line = {};
  line.type = bytes[0];
  if (!is_known(line.type))
    return progress::invalid;
  const bool has_number = is_bulk(line.type) || is_aggregate(line.type);
  const auto end = bytes.substr(0, has_number ? number_line_max : bytes.size()).find('\n');
  if (end == std::string_view::npos)
    return has_number && !may_be_number(bytes.substr(1)) ? progress::invalid : progress::need_more;
  if (bytes[end - 1] != '\r' || end < 2)
    return progress::invalid;
  line.text = bytes.substr(1, end - 2);
  line.length = end + 1;
  return has_number ? read_number(line) : progress::done;
}

} // namespace troupe::l7::redis
