// SPDX-License-Identifier: Apache-2.0
#include "actors/console/record_writer.hpp"

#include <doctest/doctest.h>
#include <yaml-cpp/yaml.h>

using namespace troupe;

namespace {

const record example{{"time", "ok", "count", "rest", "none", "argv", "labels"},
                     {std::string{"2024-05-01T12:00:00Z"}, true, uint64_t{7}, int64_t{-1},
                      field_value{}, std::vector<std::string>{"sh", "-c", "echo \"a\nb\""},
                      std::map<std::string, std::string>{{"app", "shop"}, {"x\x1b", "\xff"}}}};

} // namespace

TEST_CASE("records: JSON keeps the types") {
  std::string json;
  append_json(json, example);
  CHECK(json
        == R"({"time":"2024-05-01T12:00:00Z","ok":true,"count":7,"rest":-1,"none":null,)"
           R"("argv":["sh","-c","echo \"a\nb\""],"labels":{"app":"shop","x\u001b":")"
           "\xef\xbf\xbd\"}}");
}

TEST_CASE("records: a list is one JSON array, one object a line") {
  const record row{{"a"}, {uint64_t{1}}};
  CHECK(json_array({}) == "[]\n");
  CHECK(json_array({row, row}) == "[\n{\"a\":1},\n{\"a\":1}\n]\n");
}

TEST_CASE("records: YAML reads back as it was, texts that look like something else included") {
  for (const std::string text :
       {"web",  "/docker/web", "123",   "1.5",    "true", "no",   "~",       "null",  "",
        "a: b", "- x",         "#c",    "'q'",    "\"",   "a\nb", "\x1b[2J", "größe", "2024-05-01",
        "1e3",  "0x1f",        " lead", "trail ", "@at",  "%p",   "y"}) {
    const auto yaml = yaml_document({{"key"}, {text}});
    const auto node = YAML::Load(yaml)["key"];
    CHECK_MESSAGE(node.as<std::string>() == text, yaml);
    const bool quoted = yaml.find("key: \"") != std::string::npos;
    const bool word = text == "web" || text == "/docker/web";
    CHECK_MESSAGE(quoted == !word, yaml);
  }
}

TEST_CASE("records: nothing in YAML can drive a terminal") {
  std::string hostile;
  for (int c = 1; c < 0x80; ++c)
    hostile += static_cast<char>(c);
  hostile += "\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xff";
  const auto yaml =
      yaml_sequence({{{"k"}, {std::map<std::string, std::string>{{hostile, hostile}}}}});
  for (const char c : yaml)
    CHECK(((c >= ' ' && c < 0x7f) || c == '\n'));
}

TEST_CASE("records: lists and streams in YAML") {
  CHECK(yaml_sequence({}) == "[]\n");
  const record row{{"a", "b"}, {uint64_t{1}, std::vector<std::string>{"x", "2"}}};
  CHECK(yaml_sequence({row, row}) == "- a: 1\n  b: [x, \"2\"]\n- a: 1\n  b: [x, \"2\"]\n");
  CHECK(yaml_document(row) == "---\na: 1\nb: [x, \"2\"]\n");
}

TEST_CASE("records: in columns nothing is a dash") {
  CHECK(column_text(field_value{}) == "-");
  CHECK(column_text(std::string{}) == "-");
  CHECK(column_text(std::vector<std::string>{"ls", "-l"}) == "ls -l");
  CHECK(column_text(std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}) == "a=1,b=2");
  CHECK(column_text(true) == "yes");
}
