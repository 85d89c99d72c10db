// SPDX-License-Identifier: Apache-2.0
// `troupe top actors` asks whatever listens at the agent's port: its answer, read and shown.

#include "actors/console/actors_answer.hpp"
#include "actors/console/top_actors.hpp"
#include "tests/fuzz/text_checks.hpp"

#include <numeric>
#include <string>

namespace {

using namespace troupe;
using fuzz::expect;

void check_shown(const std::vector<top_actor_row>& rows) {
  output_options output;
  output.fields.resize(top_actor_fields().size());
  std::iota(output.fields.begin(), output.fields.end(), size_t{0});
  for (const auto format : {output_format::columns, output_format::json, output_format::yaml}) {
    output.format = format;
    fuzz::check_text(render_top(rows, output, 80, 50), "\n");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const actors_answer nobody;
  const auto answer = parse_actors_answer(std::string{fuzz::text_of(data, size)});
  if (!answer)
    return 0;
  expect(answer->actors.size() <= size, "every actor was told of");
  for (const auto& before : {nobody, *answer}) {
    const auto rows = rates_between(before, *answer, 0);
    expect(rows.size() == answer->actors.size(), "every actor has its row");
    check_shown(rows);
  }
  return 0;
}
