// SPDX-License-Identifier: Apache-2.0
// Names that anybody chose, on their way out: as a label, to a terminal, as JSON; and the address
// to listen on.

#include "actors/console/escape.hpp"
#include "actors/console/json_writer.hpp"
#include "actors/exporter/label_value.hpp"
#include "actors/exporter/listen_address.hpp"
#include "tests/fuzz/text_checks.hpp"

#include <string>

namespace {

using namespace troupe;
using fuzz::check_text;
using fuzz::expect;
using fuzz::quoted_size;

void check_label(std::string_view text) {
  std::string out;
  append_label_value(out, text);
  check_text(out, "\t");
  expect(out.size() <= 2 * label_value_max, "a label is bounded");
  expect(quoted_size(out) == out.npos, "a label does not end its quotes");
}

void check_terminal(std::string_view text) {
  const auto shown = escape_for_terminal(text);
  check_text(shown, "");
  for (size_t at = 0; at < shown.size(); at += decode_utf8(shown, at).size)
    expect(!is_hostile(decode_utf8(shown, at).value), "a terminal obeys nothing of it");
  expect(escape_for_terminal(shown) == shown, "what is harmless stays as it is");
  for (const size_t columns : {0, 1, 7, 80}) {
    const auto cut = cut_to_width(shown, columns);
    check_text(cut, "");
    expect(display_width(cut) <= columns, "a cut text fits");
  }
}

void check_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  check_text(out, "");
  expect(out.size() >= 2 && out.front() == '"' && out.back() == '"', "a JSON string has quotes");
  for (size_t i = 1; i + 1 < out.size(); ++i) {
    expect(out[i] != '"', "only its last quote ends a JSON string");
    if (out[i] == '\\')
      expect(++i + 1 < out.size(), "an escape is whole");
  }
}

void check_address(std::string_view text) {
  const auto where = parse_listen_address(text);
  if (!where)
    return;
  expect(text.find('\0') == text.npos, "an address has no NUL in it");
  expect(text.ends_with(std::to_string(where->port())), "the port is the one that was written");
  expect(where->size > 0 && where->size <= sizeof(where->address), "an address has its size");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_label(text);
  check_terminal(text);
  check_json(text);
  check_address(text);
  return 0;
}
