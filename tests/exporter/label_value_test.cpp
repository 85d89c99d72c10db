// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/label_value.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_label_value(out, text);
  return out;
}

const std::string bad = "\xEF\xBF\xBD";

} // namespace

TEST_CASE("label value: plain text is copied") {
  CHECK(escaped("/k8s/shop/cart-0/app") == "/k8s/shop/cart-0/app");
  CHECK(escaped("").empty());
}

TEST_CASE("label value: backslash, quote and newline are escaped") {
  CHECK(escaped("a\\b\"c\nd") == "a\\\\b\\\"c\\nd");
}

TEST_CASE("label value: control characters other than newline and tab are replaced") {
  CHECK(escaped(std::string_view{"a\0b", 3}) == "a" + bad + "b");
  CHECK(escaped("\x1b[31m\r\x7f") == bad + "[31m" + bad + bad);
  CHECK(escaped("a\tb") == "a\tb");
}

TEST_CASE("label value: what a terminal obeys beyond ASCII is replaced") {
  CHECK(escaped("\xc2\x9b"
                "31m")
        == bad + "31m"); // C1: control sequence introducer
  CHECK(escaped("a\xe2\x80\xae"
                "b")
        == "a" + bad + "b");                               // right-to-left override
  CHECK(escaped("\xe2\x80\xa8\xe2\x81\xa9") == bad + bad); // line separator, isolate
  CHECK(escaped("\xc2\xa0\xe2\x80\xa7") == "\xc2\xa0\xe2\x80\xa7");
}

TEST_CASE("label value: well-formed UTF-8 stays") {
  const std::string text = "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xed\x9f\xbf";
  CHECK(escaped(text) == text);
}

TEST_CASE("label value: every byte of ill-formed UTF-8 is replaced") {
  CHECK(escaped("\xff") == bad);
  CHECK(escaped("\x80") == bad);
  CHECK(escaped("\xc0\xaf") == bad + bad);                     // overlong
  CHECK(escaped("\xe0\x80\xaf") == bad + bad + bad);           // overlong
  CHECK(escaped("\xed\xa0\x80") == bad + bad + bad);           // a surrogate
  CHECK(escaped("\xf4\x90\x80\x80") == bad + bad + bad + bad); // above U+10FFFF
  CHECK(escaped("\xe2\x82") == bad + bad);                     // cut off
  CHECK(escaped("\xe2\x82z") == bad + bad + "z");
}

TEST_CASE("label value: is cut at 512 bytes, between two characters") {
  CHECK(escaped(std::string(100'000, 'x')) == std::string(512, 'x'));
  CHECK(escaped(std::string(512, 'x')) == std::string(512, 'x'));
  CHECK(escaped(std::string(511, 'y') + "\xe2\x82\xac") == std::string(511, 'y'));
  CHECK(escaped(std::string(509, 'y') + "\xe2\x82\xac!") == std::string(509, 'y') + "\xe2\x82\xac");
  CHECK(escaped(std::string(600, '"')).size() == 1024); // The bound is on what is read back.
  CHECK(escaped("\n" + std::string(600, 'x')) == "\\n" + std::string(511, 'x'));
}

TEST_CASE("label: a comma separates it from the one before") {
  std::string out;
  append_label(out, "a", "1");
  append_label(out, "b", "\"");
  CHECK(out == "a=\"1\",b=\"\\\"\"");
}
