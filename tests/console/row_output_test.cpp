// SPDX-License-Identifier: Apache-2.0
#include "actors/console/row_output.hpp"
#include "tests/console/field_choices.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

struct stock {
  std::string name;
  uint64_t count = 0;
};

const std::vector<field<stock>> fields =
    joined_fields<stock>({{{{"name", "NAME", 30, false, shown::everywhere, "what it is"},
                            [](const stock& x) -> field_value {
                              return x.name;
                            }}},
                          {{{"count", "COUNT", 9, true, shown::everywhere, "how many there are"},
                            [](const stock& x) -> field_value {
                              return x.count;
                            }}}});
const std::vector<stock> rows{{"nuts", 7}, {"bolts", 1200}};

std::string documents(output_format format, size_t rows_max) {
  return render_documents(fields, rows, usual_fields(fields, format), std::nullopt, rows_max);
}

} // namespace

TEST_CASE("rows: a table is as wide as its contents") {
  const auto* const text = "NAME   COUNT\n"
                           "nuts       7\n"
                           "bolts   1200\n";
  CHECK(render_rows(fields, rows, usual_fields(fields), std::nullopt) == text);
  CHECK(documents(output_format::columns, 9) == text);
  CHECK(documents(output_format::columns, 1) == "NAME  COUNT\nnuts      7\n");
}

TEST_CASE("rows: a whole answer is one document") {
  CHECK(render_rows(fields, rows, usual_fields(fields, output_format::json), std::nullopt)
        == "[\n{\"name\":\"nuts\",\"count\":7},\n{\"name\":\"bolts\",\"count\":1200}\n]\n");
  CHECK(render_rows(fields, rows, usual_fields(fields, output_format::yaml), std::nullopt)
        == "- name: nuts\n  count: 7\n- name: bolts\n  count: 1200\n");
}

TEST_CASE("rows: of several answers each row is a document, cut like a table") {
  CHECK(documents(output_format::json, 9)
        == "{\"name\":\"nuts\",\"count\":7}\n{\"name\":\"bolts\",\"count\":1200}\n");
  CHECK(documents(output_format::json, 1) == "{\"name\":\"nuts\",\"count\":7}\n");
  CHECK(documents(output_format::yaml, 1) == "---\nname: nuts\ncount: 7\n");
  CHECK(documents(output_format::yaml, 0).empty());
}
