// SPDX-License-Identifier: Apache-2.0
#include "actors/console/escape.hpp"
#include "actors/console/table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

using namespace troupe;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

table example() {
  table t{{{"NAME"}, {"PID", true}, {"IMAGE"}}};
  t.add({"web", "7", "registry.example.org/shop/web:1.2.3"});
  t.add({"database", "12345", "postgres"});
  return t;
}

} // namespace

TEST_CASE("table: columns are as wide as their content, numbers to the right") {
  CHECK(example().render(std::nullopt, true)
        == "NAME        PID  IMAGE\n"
           "web           7  registry.example.org/shop/web:1.2.3\n"
           "database  12345  postgres\n");
}

TEST_CASE("table: without headers their width does not count") {
  CHECK(example().render(std::nullopt, false).find("NAME") == std::string::npos);
}

TEST_CASE("table: in a terminal no line is wider, the widest column gives way") {
  CHECK(example().render(40, true)
        == "NAME        PID  IMAGE\n"
           "web           7  registry.example.org/s…\n"
           "database  12345  postgres\n");
  for (unsigned width = 7; width < 60; ++width)
    for (const auto& line : lines_of(example().render(width, true)))
      CHECK(display_width(line) <= width);
}

TEST_CASE("table: hostile cells stay on their line and in their column") {
  table t{{{"A"}, {"B"}}};
  t.add({"x\n\x1b[2Jy", "\xff\xe2\x80\xae"});
  t.add({"日本", "z"});
  CHECK(t.render(std::nullopt, true)
        == "A            B\n"
           "x\\n\\x1b[2Jy  \\xff\\u{202e}\n"
           "日本         z\n");
}

TEST_CASE("layout: numbers keep their width, texts give way to half of theirs") {
  const table_layout layout{{{"TEXT", false, 40}, {"NUMBER", true, 10}, {"MORE", false, 30}}, 60};
  CHECK(layout.line({std::string(50, 'x'), "1234567890", std::string(50, 'y')})
        == std::string(22, 'x') + "…  1234567890  " + std::string(22, 'y') + "…\n");
}

TEST_CASE("layout: a narrow terminal has fewer columns, those of high rank go first") {
  const std::vector<table_column> columns{
      {"TIME", false, 12, 1}, {"NAME", false, 20}, {"PID", true, 7, 2}, {"WHAT", false, 20}};
  CHECK(table_layout{columns, 80}.header()
        == "TIME          NAME                      PID  WHAT\n");
  CHECK(table_layout{columns, 50}.header() == "TIME          NAME              PID  WHAT\n");
  CHECK(table_layout{columns, 40}.header() == "TIME          NAME          WHAT\n");
  CHECK(table_layout{columns, 30}.header() == "NAME            WHAT\n");
  CHECK(table_layout{columns, 12}.line({"t", "namename", "7", "what"}) == "name…  what\n");
  for (unsigned width = 0; width < 100; ++width)
    CHECK(display_width(table_layout{columns, width}.header()) <= width + 1);
}

TEST_CASE("layout: columns that were asked for by name stay") {
  const std::vector<field_info> fields{{"a", "A", 30, false, shown::everywhere, "", 9},
                                       {"b", "B", 30, false, shown::everywhere, ""}};
  output_options output;
  output.fields = {0, 1};
  CHECK(table_layout{columns_of(fields, output), 20}.header() == "B\n");
  output.fields_by_name = true;
  CHECK(table_layout{columns_of(fields, output), 20}.header() == "A          B\n");
}

TEST_CASE("layout: nothing at all is a line") {
  CHECK(table_layout{{}, 80}.header() == "\n");
}

TEST_CASE("table: a long text in the last column costs the others nothing") {
  table rows{{{"NAME"}, {"SIZE", true, 0, 5}, {"COMMAND"}}};
  rows.add({"/docker/web", "12", std::string(300, 'x')});
  CHECK(rows.render(50, true)
        == "NAME         SIZE  COMMAND\n"
           "/docker/web    12  "
               + std::string(30, 'x') + "…\n");
  CHECK(rows.render(std::nullopt, false) == "/docker/web  12  " + std::string(300, 'x') + "\n");
}
