// SPDX-License-Identifier: Apache-2.0
#include "actors/console/escape.hpp"
#include "actors/console/inspect_fields.hpp"
#include "actors/console/table.hpp"

#include <algorithm>
#include <deque>
#include <utility>
#include <variant>

namespace troupe {

namespace {

constexpr size_t indent = 2;

/// What an eye does not miss: nothing, an empty text or list, no, 0.
bool is_blank(const field_value& value) {
  if (const auto* x = std::get_if<bool>(&value))
    return !*x;
  if (const auto* x = std::get_if<uint64_t>(&value))
    return *x == 0;
  return column_text(value) == "-";
}

/// Lists and maps have a line for each.
std::vector<std::string> lines_of(const field_value& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value))
    return *list;
  std::vector<std::string> lines;
  if (const auto* map = std::get_if<std::map<std::string, std::string>>(&value)) {
    for (const auto& [key, text] : *map)
      lines.push_back(key + '=' + text);
    return lines;
  }
  return {column_text(value)};
}

std::vector<std::string> lines_of(const inspect_field& field, const inspection& x) {
  if (field.value.column != nullptr) {
    auto text = field.value.column(x);
    return text.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::move(text)};
  }
  const auto value = field.value.value(x);
  return is_blank(value) ? std::vector<std::string>{} : lines_of(value);
}

void append_line(std::string& out, const std::string& escaped, std::optional<unsigned> terminal) {
  out += terminal ? cut_to_width(escaped, *terminal) : escaped;
  out += '\n';
}

void append_indented(std::string& out, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n') + 1, lines.size());
    out.append(indent, ' ').append(lines.substr(0, end));
    lines.remove_prefix(end);
  }
}

class column_report {
public:
  column_report(const inspection& x, const output_options& output, std::optional<unsigned> terminal)
      : x_(x), output_(output), terminal_(terminal) {
    for (const auto i : output.fields)
      if (const auto& field = inspect_fields()[i]; !field.has_rows())
        name_width_ = std::max(name_width_, field.value.info.name.size());
  }

  [[nodiscard]] std::string text() {
    for (const auto i : output_.fields)
      append(inspect_fields()[i]);
    return std::move(out_);
  }

private:
  void append(const inspect_field& field) {
    if (!field.has_rows()) {
      append_value(field);
      return;
    }
    const bool wide = output_.format == output_format::wide;
    const auto room =
        terminal_ ? std::optional<unsigned>{std::max(*terminal_, 20U) - indent} : std::nullopt;
    const auto rows = field.rows.columns(x_, room, wide);
    if (rows.empty())
      return;
    append_heading(field.heading);
    append_indented(out_, rows);
  }

  void append_value(const inspect_field& field) {
    const auto lines = lines_of(field, x_);
    if (lines.empty())
      return;
    append_heading(field.heading);
    std::string name{field.value.info.name};
    for (const auto& line : lines) {
      const auto padding = std::string(name_width_ - name.size(), ' ');
      append_line(out_,
                  std::string(indent, ' ') + name + padding + "  " + escape_for_terminal(line),
                  terminal_);
      name.clear();
    }
  }

  void append_heading(std::string_view heading) {
    if (heading == heading_ || !output_.headers)
      return;
    out_ += out_.empty() ? "" : "\n";
    out_ += std::string{heading} + '\n';
    heading_ = heading;
  }

  const inspection& x_;
  const output_options& output_;
  std::optional<unsigned> terminal_;
  size_t name_width_ = 0;
  std::string_view heading_;
  std::string out_;
};

std::vector<section> sections_of(const inspection& x, const std::vector<size_t>& chosen) {
  std::vector<section> sections;
  for (const auto i : chosen) {
    const auto& field = inspect_fields()[i];
    section part{field.value.info.name, {}, {}, false};
    if (!field.has_rows()) {
      part.value = field.value.value(x);
    } else if (auto records = field.rows.records(x)) {
      part.rows = std::move(*records);
      part.list = field.rows.list;
    }
    sections.push_back(std::move(part));
  }
  return sections;
}

} // namespace

std::vector<field_info> inspect_infos() {
  std::vector<field_info> infos;
  for (const auto& x : inspect_fields())
    infos.push_back(x.value.info);
  return infos;
}

std::string describe_inspect_fields() {
  std::deque<std::string> names; // Their texts stay where they are.
  std::vector<field_info> infos;
  for (const auto& x : inspect_fields()) {
    infos.push_back(x.value.info);
    if (!x.has_rows())
      continue;
    for (auto nested : x.rows.infos()) {
      names.push_back(std::string{x.value.info.name} + '.' + std::string{nested.name});
      nested.name = names.back();
      infos.push_back(nested);
    }
  }
  return describe_fields(infos);
}

std::string render_inspections(const std::vector<inspection>& all, const output_options& output,
                               std::optional<unsigned> terminal) {
  if (output.is_structured()) {
    std::vector<std::vector<section>> reports;
    for (const auto& x : all)
      reports.push_back(sections_of(x, output.fields));
    return output.format == output_format::json ? json_reports(reports) : yaml_reports(reports);
  }
  std::string text;
  for (const auto& x : all) {
    text += text.empty() ? "" : "\n\n";
    text += column_report{x, output, terminal}.text();
  }
  return text;
}

} // namespace troupe
