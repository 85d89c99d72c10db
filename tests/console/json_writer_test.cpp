// SPDX-License-Identifier: Apache-2.0
#include "actors/console/json_writer.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <string>

using namespace troupe;

namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// What a strict parser reads back.
std::string read_back(const std::string& json) {
  simdjson::dom::parser parser;
  std::string_view text;
  const auto failure = parser.parse(json).get(text);
  REQUIRE(failure == simdjson::SUCCESS);
  return std::string{text};
}

} // namespace

TEST_CASE("json: quotes, backslashes and control characters are escaped") {
  CHECK(json_string("plain") == "\"plain\"");
  CHECK(json_string("a\"b\\c/") == R"("a\"b\\c/")");
  CHECK(json_string("\n\r\t\b\x1b") == R"("\n\r\t\u0008\u001b")");
  CHECK(json_string("\x7f\xc2\x9b\xe2\x80\xae\xe2\x80\xa8") == R"("\u007f\u009b\u202e\u2028")");
  CHECK(json_string("\xf3\xa0\x81\x81") == R"("\udb40\udc41")");
  CHECK(json_string("日本 🚀") == "\"日本 🚀\"");
}

TEST_CASE("json: a strict parser reads every valid text back as it was") {
  std::string text;
  for (int c = 0; c < 0x80; ++c)
    text += static_cast<char>(c);
  text += "\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81 größe 日本 🚀";
  CHECK(read_back(json_string(text)) == text);
}

TEST_CASE("json: bytes that are no UTF-8 become replacement characters") {
  CHECK(read_back(json_string("a\xff\xc0z")) == "a\xef\xbf\xbd\xef\xbf\xbdz");
  for (int first = 0x80; first < 0x100; ++first)
    for (int second = 0; second < 0x100; ++second) {
      const std::string bytes{static_cast<char>(first), static_cast<char>(second)};
      read_back(json_string(bytes)); // Requires that it is valid.
    }
}

TEST_CASE("json: commas stand between members and nowhere else") {
  std::string out;
  json_writer json{out};
  json.begin_object();
  json.member("a", uint64_t{18446744073709551615U});
  json.member("b", int64_t{-1});
  json.member("c", true);
  json.key("d");
  json.null();
  json.key("e");
  json.begin_array();
  json.value("x");
  json.begin_object();
  json.end_object();
  json.begin_array();
  json.end_array();
  json.end_array();
  json.end_object();
  CHECK(out == R"({"a":18446744073709551615,"b":-1,"c":true,"d":null,"e":["x",{},[]]})");
}
