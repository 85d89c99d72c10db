// SPDX-License-Identifier: Apache-2.0
#pragma once

// How JSON from outside is read with simdjson On-Demand. For the .cpp files of parsers only:
// simdjson is large.

#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <map>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::json_fields {

using simdjson::ondemand::array;
using simdjson::ondemand::document;
using simdjson::ondemand::object;
using simdjson::ondemand::value;

// A parser and its padded copy of the text. Both live for one call only: a parser keeps buffers of
// several times its largest text.
class json_document {
public:
  explicit json_document(std::string_view json) : text_(json) {
    valid_ = text_.size() == json.size() && !json.empty()
             && parser_.iterate(text_).get(document_) == simdjson::SUCCESS;
  }

  bool open(object& result) { return valid_ && document_.get_object().get(result) == ok; }
  bool open(array& result) { return valid_ && document_.get_array().get(result) == ok; }
  // On-Demand reads no further than it is asked to: what stands behind the value is for us to see.
  bool at_end() { return document_.current_location().error() == simdjson::OUT_OF_BOUNDS; }

private:
  static constexpr auto ok = simdjson::SUCCESS;
  simdjson::padded_string text_;
  simdjson::ondemand::parser parser_;
  document document_;
  bool valid_ = false;
};

inline void read_text(value& from, std::string& to) {
  if (std::string_view text; from.get_string().get(text) == simdjson::SUCCESS)
    to = text;
}

inline void read_flag(value& from, bool& to) {
  if (bool flag = false; from.get_bool().get(flag) == simdjson::SUCCESS)
    to = flag;
}

template <class Integer>
void read_integer(value& from, Integer& to) {
  if (int64_t number = 0;
      from.get_int64().get(number) == simdjson::SUCCESS && std::in_range<Integer>(number))
    to = static_cast<Integer>(number);
}

inline void read_time(value& from, int64_t& to) {
  if (std::string_view text; from.get_string().get(text) == simdjson::SUCCESS)
    to = parse_rfc3339(text).value_or(0);
}

// Calls `visit(key, value)` for every field; false when the text breaks off or is no JSON.
template <class Visit>
bool for_each_field(object& fields, Visit visit) {
  for (auto field : fields) {
    std::string_view key;
    value content;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS
        || field.value().get(content) != simdjson::SUCCESS)
      return false;
    if (!visit(key, content))
      return false;
  }
  return true;
}

// As above for a value that should be an object: another type is skipped, broken text is an error.
template <class Visit>
bool for_each_field_of(value& from, Visit visit) {
  object fields;
  const auto error = from.get_object().get(fields);
  if (error == simdjson::INCORRECT_TYPE)
    return true;
  return error == simdjson::SUCCESS && for_each_field(fields, visit);
}

inline bool read_labels(value& from, std::map<std::string, std::string>& labels) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (labels.size() < 4 * runtime_bounds::labels && key.size() <= runtime_bounds::label_key_bytes)
      read_text(content, labels[std::string{key}]);
    return true;
  });
}

// Calls `visit(value)` for every item of what should be an array; another type is skipped, broken
// text is an error.
template <class Visit>
bool for_each_item_of(value& from, Visit visit) {
  array items;
  const auto error = from.get_array().get(items);
  if (error == simdjson::INCORRECT_TYPE)
    return true;
  if (error != simdjson::SUCCESS)
    return false;
  for (auto item : items) {
    value content;
    if (item.get(content) != simdjson::SUCCESS || !visit(content))
      return false;
  }
  return true;
}

// The strings of an array, at most `at_most`; what is no string is skipped.
inline bool read_texts(value& from, size_t at_most, std::vector<std::string>& to) {
  return for_each_item_of(from, [&](value& content) {
    std::string_view text;
    if (to.size() < at_most && content.get_string().get(text) == simdjson::SUCCESS)
      to.emplace_back(text);
    return true;
  });
}

} // namespace troupe::json_fields
