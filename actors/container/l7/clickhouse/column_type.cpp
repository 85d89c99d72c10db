// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/column_type.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace troupe::l7::clickhouse {
namespace {

using kind = column_type::kind;

constexpr unsigned depth_max = 12;
constexpr size_t elements_max = 64;
constexpr uint64_t fixed_bytes_max = 1U << 24;

struct fixed_size {
  std::string_view name;
  uint8_t bytes;
};
constexpr std::array<fixed_size, 38> fixed_sizes{
    {{"UInt8", 1},       {"UInt16", 2},         {"UInt32", 4},         {"UInt64", 8},
     {"UInt128", 16},    {"UInt256", 32},       {"Int8", 1},           {"Int16", 2},
     {"Int32", 4},       {"Int64", 8},          {"Int128", 16},        {"Int256", 32},
     {"Float32", 4},     {"Float64", 8},        {"BFloat16", 2},       {"Bool", 1},
     {"Date", 2},        {"Date32", 4},         {"DateTime", 4},       {"DateTime32", 4},
     {"DateTime64", 8},  {"Time", 4},           {"Time64", 8},         {"Enum8", 1},
     {"Enum16", 2},      {"UUID", 16},          {"IPv4", 4},           {"IPv6", 16},
     {"Decimal32", 4},   {"Decimal64", 8},      {"Decimal128", 16},    {"Decimal256", 32},
     {"Nothing", 1},     {"IntervalSecond", 8}, {"IntervalMinute", 8}, {"IntervalHour", 8},
     {"IntervalDay", 8}, {"IntervalMonth", 8}}};

struct expression {
  std::string_view name;
  std::string_view arguments; ///< between its parentheses
};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::optional<expression> split(std::string_view text) {
  const auto open = text.find('(');
  if (open == std::string_view::npos)
    return expression{text, {}};
  if (text.back() != ')')
    return std::nullopt;
  return expression{text.substr(0, open), text.substr(open + 1, text.size() - open - 2)};
}

/// Takes the first argument off, up to a comma that is in no parentheses and no quotes.
std::string_view next_argument(std::string_view& arguments) {
  int open = 0;
  char quote = '\0';
  size_t at = 0;
  for (; at < arguments.size(); ++at) {
    const char c = arguments[at];
    if (quote != '\0') {
      if (c == '\\')
        ++at;
      else if (c == quote)
        quote = '\0';
    } else if (c == '\'' || c == '`') {
      quote = c;
    } else if (c == '(') {
      ++open;
    } else if (c == ')') {
      --open;
    } else if (c == ',' && open == 0) {
      break;
    }
  }
  at = std::min(at, arguments.size());
  const auto result = trimmed(arguments.substr(0, at));
  arguments.remove_prefix(std::min(at + 1, arguments.size()));
  return result;
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return result;
}

std::optional<column_type> fixed(uint64_t bytes) {
  return column_type{kind::fixed, bytes, {}};
}

std::optional<column_type> decimal(std::string_view arguments) {
  const auto precision = number(next_argument(arguments));
  if (!precision || *precision == 0 || *precision > 76)
    return std::nullopt;
  return fixed(*precision <= 9 ? 4 : *precision <= 18 ? 8 : *precision <= 38 ? 16 : 32);
}

std::optional<column_type> read_type(std::string_view text, unsigned depth);

/// An element of a tuple may have a name: "a UInt8", "`a b` Array(String)".
std::string_view without_name(std::string_view element) {
  size_t begin = 0;
  if (element.starts_with('`')) {
    const auto end = element.find('`', 1);
    begin = end == std::string_view::npos ? element.size() : end + 1;
  }
  const auto blank = element.find(' ', begin);
  const auto open = element.find('(', begin);
  return blank < open ? trimmed(element.substr(blank)) : element;
}

std::optional<column_type> tuple(std::string_view arguments, unsigned depth) {
  column_type result{kind::tuple, 0, {}};
  while (!arguments.empty()) {
    auto element = read_type(without_name(next_argument(arguments)), depth);
    if (!element || result.inner.size() >= elements_max)
      return std::nullopt;
    result.inner.push_back(std::move(*element));
  }
  if (result.inner.empty()) // How they are written differs from version to version.
    return std::nullopt;
  return result;
}

std::optional<column_type> around(kind is, std::optional<column_type> inner) {
  if (!inner)
    return std::nullopt;
  column_type result{is, 0, {}};
  result.inner.push_back(std::move(*inner));
  return result;
}

std::optional<column_type> low_cardinality(std::string_view arguments, unsigned depth) {
  auto inner = read_type(arguments, depth);
  if (inner && inner->is == kind::nullable) { // The dictionary has a place for it.
    auto without = std::move(inner->inner.front());
    inner = std::move(without);
  }
  return around(kind::low_cardinality, std::move(inner));
}

std::optional<column_type> compound(const expression& x, unsigned depth) {
  if (x.name == "Nullable")
    return around(kind::nullable, read_type(x.arguments, depth));
  if (x.name == "Array")
    return around(kind::array, read_type(x.arguments, depth));
  if (x.name == "Tuple")
    return tuple(x.arguments, depth);
  if (x.name == "Map" || x.name == "Nested")
    return around(kind::array, tuple(x.arguments, depth));
  if (x.name == "LowCardinality")
    return low_cardinality(x.arguments, depth);
  if (x.name == "SimpleAggregateFunction") {
    auto arguments = x.arguments;
    static_cast<void>(next_argument(arguments));
    return read_type(trimmed(arguments), depth);
  }
  return std::nullopt;
}

std::optional<column_type> read_type(std::string_view text, unsigned depth) {
  if (depth > depth_max || text.empty())
    return std::nullopt;
  const auto x = split(text);
  if (!x)
    return std::nullopt;
  if (x->name == "String")
    return column_type{kind::text, 0, {}};
  if (x->name == "FixedString") {
    const auto size = number(x->arguments);
    return size && *size <= fixed_bytes_max ? fixed(*size) : std::nullopt;
  }
  if (x->name == "Decimal")
    return decimal(x->arguments);
  const auto* const known =
      std::find_if(fixed_sizes.begin(), fixed_sizes.end(),
                   [&x](const fixed_size& candidate) { return candidate.name == x->name; });
  return known != fixed_sizes.end() ? fixed(known->bytes) : compound(*x, depth + 1);
}

} // namespace

uint64_t column_type::dictionaries() const {
  uint64_t result = is == kind::low_cardinality ? 1 : 0;
  for (const auto& x : inner)
    result += x.dictionaries();
  return result;
}

std::optional<column_type> read_column_type(std::string_view name) {
  return read_type(name, 0);
}

} // namespace troupe::l7::clickhouse
