// SPDX-License-Identifier: Apache-2.0
#include "actors/console/completion_script.hpp"
#include "actors/console/completion_words.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe;

namespace {

struct small_program {
  CLI::App app{"It does things.", "troupe"};
  std::vector<std::string> names;
  std::string format;
  std::string file;
  bool all = false;

  small_program() {
    auto* list = app.add_subcommand("list", "It's a list: of [all]");
    list->add_option("-c,--container", names, "which")->type_name("NAME");
    list->add_option("-o,--output", format, "how")->type_name("FORMAT");
    list->add_flag("-a,--all", all, "all");
    auto* trace = app.add_subcommand("trace", "Live");
    auto* map = app.add_subcommand("map", "Who talks to whom");
    map->add_option("--format", format, "how")->type_name("text|dot|json");
    map->add_option("--protocol", names, "which")->type_name("NAME");
    trace->add_subcommand("exec", "Programs")
        ->add_option("--config", file, "settings")
        ->type_name("FILE");
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("completion: the words are the program's commands and flags, and what they take") {
  const small_program program;
  const auto words = completion_words(program.app);
  REQUIRE(words.size() == 5);
  CHECK(words[0].path == "troupe");
  CHECK(words[1].path == "troupe list");
  CHECK(words[3].path == "troupe trace exec");
  const auto flag = [&](const completion_command& command, std::string_view name) {
    const auto i = std::find_if(command.flags.begin(), command.flags.end(), [&](const auto& x) {
      return std::find(x.names.begin(), x.names.end(), name) != x.names.end();
    });
    REQUIRE(i != command.flags.end());
    return i->value;
  };
  using kind = completion_value::kind;
  CHECK(flag(words[1], "--container") == completion_value{kind::listing, {}, "name"});
  CHECK(flag(words[1], "-o").choices.size() == 4);
  CHECK(flag(words[1], "-a").is == kind::none);
  CHECK(flag(words[1], "--help").is == kind::none);
  CHECK(flag(words[3], "--config").is == kind::file);
  CHECK(flag(words[4], "--format") == completion_value{kind::choice, {"text", "dot", "json"}});
  const auto protocols = flag(words[4], "--protocol");
  CHECK(protocols.is == kind::choice);
  CHECK(std::count(protocols.choices.begin(), protocols.choices.end(), "postgres") == 1);
}

TEST_CASE("completion: each shell has its script, and texts are quoted for it") {
  const small_program program;
  const auto bash = completion_script(program.app, "bash").value();
  CHECK(has(bash, "complete -F _troupe troupe"));
  CHECK(has(bash, "'troupe list --container'"));
  const auto zsh = completion_script(program.app, "zsh").value();
  CHECK(zsh.starts_with("#compdef troupe\n"));
  CHECK(has(zsh, R"('list:It'\''s a list: of [all]')"));
  const auto fish = completion_script(program.app, "fish").value();
  CHECK(has(fish, R"(-a list -d 'It\'s a list: of [all]')"));
  CHECK_FALSE(completion_script(program.app, "tcsh"));
  CHECK_FALSE(completion_script(program.app, ""));
}
