// SPDX-License-Identifier: Apache-2.0
#include "actors/console/field_selection.hpp"

#include "actors/console/nearest.hpp"
#include "actors/console/table.hpp"

#include <algorithm>

namespace troupe {

namespace {

bool shown_by_default(shown where, output_format format) {
  switch (where) {
    case shown::everywhere:
      return true;
    case shown::wide:
      return format != output_format::columns;
    case shown::structured:
      return format == output_format::json || format == output_format::yaml;
    case shown::on_request:
      break;
  }
  return false;
}

std::string_view where_text(shown where) {
  switch (where) {
    case shown::everywhere:
      return "columns";
    case shown::wide:
      return "wide";
    case shown::structured:
      return "json, yaml";
    case shown::on_request:
      break;
  }
  return "on request";
}

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<size_t> find_field(const std::vector<field_info>& fields, std::string_view name,
                                 std::string& error) {
  std::vector<std::string> names;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name)
      return i;
    names.emplace_back(fields[i].name);
  }
  error = "unknown field '" + std::string{name} + "'" + did_you_mean(name, names);
  return std::nullopt;
}

} // namespace

std::optional<std::vector<size_t>> select_fields(const std::vector<field_info>& fields,
                                                 std::string_view request, output_format format,
                                                 std::string& error) {
  std::vector<size_t> chosen;
  const bool relative = request.empty() || request.front() == '+' || request.front() == '-';
  for (size_t i = 0; relative && i < fields.size(); ++i)
    if (shown_by_default(fields[i].where, format))
      chosen.push_back(i);
  if (request.empty())
    return chosen;
  for (auto part : split_at_commas(request)) {
    const char sign = part.empty() ? ' ' : part.front();
    if ((sign == '+' || sign == '-') != relative) {
      error = "--fields takes either 'a,b' or '+a,-b', not a mix of both";
      return std::nullopt;
    }
    if (relative)
      part.remove_prefix(1);
    const auto index = find_field(fields, part, error);
    if (!index)
      return std::nullopt;
    const auto place = std::find(chosen.begin(), chosen.end(), *index);
    if (sign == '-' && place != chosen.end())
      chosen.erase(place);
    else if (sign != '-' && place == chosen.end())
      chosen.push_back(*index);
  }
  if (chosen.empty()) {
    error = "--fields leaves no field to show";
    return std::nullopt;
  }
  return chosen;
}

std::string describe_fields(const std::vector<field_info>& fields) {
  table rows{{{"FIELD"}, {"SHOWN"}, {"MEANING"}}};
  for (const auto& x : fields)
    rows.add({std::string{x.name}, std::string{where_text(x.where)}, std::string{x.meaning}});
  return rows.render(std::nullopt, true);
}

} // namespace troupe
