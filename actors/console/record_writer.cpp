// SPDX-License-Identifier: Apache-2.0
#include "actors/console/record_writer.hpp"

#include "actors/console/json_writer.hpp"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace troupe {

namespace {

using labels = std::map<std::string, std::string>;

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

/// True when YAML reads the bare text back as this very string, under 1.1 and 1.2 rules: yaml-cpp
/// would write "123" and "no" bare, and others would read a number and a boolean.
bool is_plain_yaml(std::string_view text) {
  static constexpr std::array<std::string_view, 11> words{
      "true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"};
  const auto first = static_cast<unsigned char>(text.empty() ? ' ' : text.front());
  if (std::isalpha(first) == 0 && first != '/')
    return false;
  const auto harmless = [](unsigned char c) {
    return std::isalnum(c) != 0
           || std::string_view{"/._-@+"}.find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!std::all_of(text.begin(), text.end(), harmless))
    return false;
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(words.begin(), words.end(), lower) == words.end();
}

void emit(YAML::Emitter& out, std::string_view text) {
  if (!is_plain_yaml(text)) // Escaped in full: yaml-cpp lets bidi overrides through to terminals.
    out << YAML::DoubleQuoted << YAML::EscapeNonAscii;
  out << std::string{text};
}

void emit(YAML::Emitter& out, const field_value& value) {
  std::visit(overloaded{
                 [&](std::monostate) { out << YAML::Null; },
                 [&](bool x) { out << x; },
                 [&](int64_t x) { out << x; },
                 [&](uint64_t x) { out << x; },
                 [&](double x) { out << decimal_text(x); },
                 [&](const std::string& x) { emit(out, std::string_view{x}); },
                 [&](const std::vector<std::string>& xs) {
                   out << YAML::Flow << YAML::BeginSeq;
                   for (const auto& x : xs)
                     emit(out, std::string_view{x});
                   out << YAML::EndSeq;
                 },
                 [&](const labels& xs) {
                   if (xs.empty())
                     out << YAML::Flow;
                   out << YAML::BeginMap;
                   for (const auto& [key, x] : xs) {
                     out << YAML::Key;
                     emit(out, std::string_view{key});
                     out << YAML::Value;
                     emit(out, std::string_view{x});
                   }
                   out << YAML::EndMap;
                 },
             },
             value);
}

void emit(YAML::Emitter& out, const record& row) {
  out << YAML::BeginMap;
  for (size_t i = 0; i < row.names.size(); ++i) {
    out << YAML::Key << std::string{row.names[i]} << YAML::Value;
    emit(out, row.values[i]);
  }
  out << YAML::EndMap;
}

void write(json_writer& json, const field_value& value) {
  std::visit(overloaded{
                 [&](std::monostate) { json.null(); },
                 [&](const std::vector<std::string>& xs) {
                   json.begin_array();
                   for (const auto& x : xs)
                     json.value(x);
                   json.end_array();
                 },
                 [&](const labels& xs) {
                   json.begin_object();
                   for (const auto& [key, x] : xs)
                     json.member(key, x);
                   json.end_object();
                 },
                 [&](const auto& x) { json.value(x); },
             },
             value);
}

void write(json_writer& json, const record& row) {
  json.begin_object();
  for (size_t i = 0; i < row.names.size(); ++i) {
    json.key(row.names[i]);
    write(json, row.values[i]);
  }
  json.end_object();
}

void emit(YAML::Emitter& out, const std::vector<section>& sections) {
  out << YAML::BeginMap;
  for (const auto& x : sections) {
    out << YAML::Key << std::string{x.name} << YAML::Value;
    if (x.list) {
      if (x.rows.empty())
        out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const auto& row : x.rows)
        emit(out, row);
      out << YAML::EndSeq;
    } else if (x.rows.empty()) {
      emit(out, x.value);
    } else {
      emit(out, x.rows.front());
    }
  }
  out << YAML::EndMap;
}

void write(json_writer& json, const std::vector<section>& sections) {
  json.begin_object();
  for (const auto& x : sections) {
    json.key(x.name);
    if (x.list) {
      json.begin_array();
      for (const auto& row : x.rows)
        write(json, row);
      json.end_array();
    } else if (x.rows.empty()) {
      write(json, x.value);
    } else {
      write(json, x.rows.front());
    }
  }
  json.end_object();
}

template <class Strings, class Text>
std::string join(const Strings& strings, char separator, Text text) {
  std::string joined;
  for (const auto& x : strings) {
    if (&x != &*strings.begin())
      joined += separator;
    joined += text(x);
  }
  return joined;
}

} // namespace

std::string column_text(const field_value& value) {
  auto text =
      std::visit(overloaded{
                     [](std::monostate) { return std::string{}; },
                     [](bool x) { return std::string{x ? "yes" : "no"}; },
                     [](int64_t x) { return std::to_string(x); },
                     [](uint64_t x) { return std::to_string(x); },
                     [](double x) { return decimal_text(x); },
                     [](const std::string& x) { return x; },
                     [](const std::vector<std::string>& xs) {
                       return join(xs, ' ', [](const std::string& x) { return x; });
                     },
                     [](const labels& xs) {
                       return join(xs, ',', [](const auto& x) { return x.first + '=' + x.second; });
                     },
                 },
                 value);
  return text.empty() ? "-" : text;
}

void append_json(std::string& out, const record& row) {
  json_writer json{out};
  write(json, row);
}

std::string json_array(const std::vector<record>& rows) {
  std::string out = "[";
  for (size_t i = 0; i < rows.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    append_json(out, rows[i]);
  }
  out += rows.empty() ? "]\n" : "\n]\n";
  return out;
}

std::string yaml_sequence(const std::vector<record>& rows) {
  if (rows.empty())
    return "[]\n";
  YAML::Emitter out;
  out << YAML::BeginSeq;
  for (const auto& row : rows)
    emit(out, row);
  out << YAML::EndSeq;
  return std::string{out.c_str(), out.size()} + "\n";
}

std::string json_sections(const std::vector<section>& sections) {
  std::string out;
  json_writer json{out};
  write(json, sections);
  return out + "\n";
}

std::string json_reports(const std::vector<std::vector<section>>& reports) {
  std::string out = "[";
  for (size_t i = 0; i < reports.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    json_writer json{out};
    write(json, reports[i]);
  }
  return out + (reports.empty() ? "]\n" : "\n]\n");
}

std::string yaml_sections(const std::vector<section>& sections) {
  YAML::Emitter out;
  emit(out, sections);
  return std::string{out.c_str(), out.size()} + "\n";
}

std::string yaml_reports(const std::vector<std::vector<section>>& reports) {
  if (reports.empty())
    return "[]\n";
  YAML::Emitter out;
  out << YAML::BeginSeq;
  for (const auto& report : reports)
    emit(out, report);
  out << YAML::EndSeq;
  return std::string{out.c_str(), out.size()} + "\n";
}

std::string yaml_document(const record& row) {
  YAML::Emitter out;
  emit(out, row);
  return "---\n" + std::string{out.c_str(), out.size()} + "\n";
}

} // namespace troupe
