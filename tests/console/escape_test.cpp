// SPDX-License-Identifier: Apache-2.0
#include "actors/console/escape.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;

TEST_CASE("escape: harmless text stays as it is, in any script") {
  for (const std::string text : {"", "web", "a b\\c", "größe", "日本語", "🚀", "e\xcc\x81"})
    CHECK(escape_for_terminal(text) == text);
}

TEST_CASE("escape: what drives a terminal becomes visible") {
  CHECK(escape_for_terminal("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(escape_for_terminal("\x1b[2J\x07\x7f") == "\\x1b[2J\\x07\\x7f");
  CHECK(escape_for_terminal("\xc2\x9b"
                            "31m")
        == "\\u{9b}31m"); // C1: CSI in one character
  CHECK(escape_for_terminal(std::string("a\0b", 3)) == "a\\x00b");
}

TEST_CASE("escape: characters that hide or reorder become visible") {
  CHECK(escape_for_terminal("\xe2\x80\xae") == "\\u{202e}");
  CHECK(escape_for_terminal("\xe2\x80\x8b") == "\\u{200b}");
  CHECK(escape_for_terminal("\xef\xbb\xbf") == "\\u{feff}");
  CHECK(escape_for_terminal("\xf3\xa0\x81\x81") == "\\u{e0041}");
}

TEST_CASE("escape: bytes that are no UTF-8 become visible one by one") {
  CHECK(escape_for_terminal("\xff") == "\\xff");
  CHECK(escape_for_terminal("\xc0\xaf") == "\\xc0\\xaf");                   // overlong
  CHECK(escape_for_terminal("\xed\xa0\x80") == "\\xed\\xa0\\x80");          // a surrogate
  CHECK(escape_for_terminal("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80"); // above U+10FFFF
  CHECK(escape_for_terminal("a\xe6\x97") == "a\\xe6\\x97");                 // cut short
  CHECK(escape_for_terminal("\xe6\x97z") == "\\xe6\\x97z");
}

TEST_CASE("width: wide characters take two columns, combining ones none") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\xcc\x81") == 1);
  CHECK(display_width("") == 0);
}

TEST_CASE("cut: a text is cut at a character and says so") {
  CHECK(cut_to_width("abcdef", 6) == "abcdef");
  CHECK(cut_to_width("abcdef", 5) == "abcd…");
  CHECK(cut_to_width("abcdef", 1) == "…");
  CHECK(cut_to_width("abcdef", 0).empty());
  CHECK(cut_to_width("日本語", 5) == "日本…");
  CHECK(cut_to_width("日本語", 4) == "日…");
  CHECK(cut_to_width("日本語", 6) == "日本語");
}

TEST_CASE("cut: never wider than asked, whatever the bytes are") {
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += static_cast<char>((i * 7919) >> 3);
  const auto escaped = escape_for_terminal(text);
  for (size_t columns = 0; columns < 200; ++columns)
    CHECK(display_width(cut_to_width(escaped, columns)) <= columns);
}
