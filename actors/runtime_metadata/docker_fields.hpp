// SPDX-License-Identifier: Apache-2.0
#pragma once

// How docker_json.cpp and docker_event.cpp read JSON with simdjson On-Demand. Not for others.

#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <map>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::docker_fields {

using simdjson::ondemand::array;
using simdjson::ondemand::document;
using simdjson::ondemand::object;
using simdjson::ondemand::value;

inline call_error garbage(const char* what) {
  return {ec::runtime_garbage, std::string{what}
                                   + " is not docker's JSON; does another program listen on this "
                                     "socket?"};
}

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

inline std::string without_slash(std::string_view name) {
  return std::string{name.starts_with('/') ? name.substr(1) : name};
}

/// The last touch to what was read: kind, sandbox, bounds.
void finish(container_metadata& metadata);

} // namespace troupe::docker_fields
