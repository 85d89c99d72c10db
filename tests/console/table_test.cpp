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

TEST_CASE("fit: the widest give way first, and a terminal too narrow is survived") {
  CHECK(fit_widths({10, 4, 30}, 48) == std::vector<size_t>{10, 4, 30});
  CHECK(fit_widths({10, 4, 30}, 28) == std::vector<size_t>{10, 4, 10});
  CHECK(fit_widths({10, 4, 30}, 20) == std::vector<size_t>{6, 4, 6});
  CHECK(fit_widths({10, 4, 30}, 0) == std::vector<size_t>{1, 1, 1});
  CHECK(fit_widths({}, 80).empty());
}
