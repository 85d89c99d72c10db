// SPDX-License-Identifier: Apache-2.0
#include "actors/console/completion_script.hpp"

#include "actors/console/completion_words.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <iterator>
#include <map>
#include <vector>

namespace troupe {

namespace {

using kind = completion_value::kind;
using commands = std::vector<completion_command>;

/// In single quotes, as bash and zsh have them.
std::string shell_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text)
    result += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return result + "'";
}

/// In single quotes, as fish has them.
std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + "'";
}

/// Patterns of a case that holds for all of these words.
std::string any_of(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : " | ") + shell_quoted(word);
  return text;
}

std::vector<std::string> paths_below(const commands& all) {
  std::vector<std::string> paths;
  for (const auto& x : all)
    if (x.path.find(' ') != std::string::npos)
      paths.push_back(x.path);
  return paths;
}

std::vector<const completion_command*> below(const commands& all, const completion_command& above) {
  std::vector<const completion_command*> found;
  for (const auto& x : all)
    if (x.path == above.path + ' ' + x.name)
      found.push_back(&x);
  return found;
}

/// What bash or zsh has to do for a value.
std::string action(const completion_value& value, bool zsh) {
  switch (value.is) {
    case kind::listing:
      return "_troupe_names " + value.field;
    case kind::choice:
      return zsh ? fmt::format("compadd -- {}", fmt::join(value.choices, " "))
                 : fmt::format("_troupe_words '{}'", fmt::join(value.choices, " "));
    case kind::file:
      return zsh ? "_files" : "_troupe_files";
    case kind::any:
    case kind::none:
      break;
  }
  return ":";
}

/// The cases of `"$command $flag"` whose flag takes a value, those with the same action together.
std::string value_cases(const commands& all, bool zsh) {
  std::map<std::string, std::vector<std::string>> by_action;
  for (const auto& command : all)
    for (const auto& flag : command.flags)
      for (const auto& name : flag.names)
        if (flag.value.is != kind::none)
          by_action[action(flag.value, zsh)].push_back(command.path + ' ' + name);
  std::string text;
  for (const auto& [what, words] : by_action)
    text += fmt::format("    {})\n      {}\n      return\n      ;;\n", any_of(words), what);
  return text;
}

// --- bash ---------------------------------------------------------------------------------------

constexpr std::string_view bash_head =
    R"(# bash completion of troupe; made by 'troupe completion bash'.

_troupe_words() { # words that we made ourselves
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_troupe_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# Names come from whoever started a container: those with odd characters are left out, and none is
# ever evaluated.
_troupe_names() { # field of troupe list
  local name field=$1
  [[ $field == name && $cur == /* ]] && field=container_id
  while IFS= read -r name; do
    if [[ $name == "$cur"* && $name != - && $name != *[!A-Za-z0-9_./@+-]* ]]; then
      COMPREPLY+=("$name")
    fi
  done < <("${COMP_WORDS[0]}" list --all --no-headers --timeout 2 --fields "$field" 2>/dev/null \
    | sort -u)
}

_troupe() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=troupe i
  COMPREPLY=()
  if [[ $cur == = ]]; then # bash takes --flag=value for three words.
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command ${COMP_WORDS[i]}" in
)";

std::string bash_script(const commands& all) {
  auto text = std::string{bash_head};
  text += fmt::format("      {}) command=\"$command ${{COMP_WORDS[i]}}\" ;;\n",
                      any_of(paths_below(all)));
  text += "    esac\n  done\n  case \"$command $prev\" in\n" + value_cases(all, false)
          + "  esac\n  case $command in\n";
  for (const auto& command : all) {
    std::vector<std::string> words;
    for (const auto* x : below(all, command))
      words.push_back(x->name);
    std::vector<std::string> flags;
    for (const auto& flag : command.flags)
      for (const auto& name : flag.names)
        flags.push_back(name);
    text += fmt::format("    {})\n      if [[ $cur == -* ]]; then\n        _troupe_words '{}'\n",
                        shell_quoted(command.path), fmt::join(flags, " "));
    if (!words.empty())
      text += fmt::format("      else\n        _troupe_words '{}'\n", fmt::join(words, " "));
    else if (command.argument.is != kind::none)
      text += fmt::format("      else\n        {}\n", action(command.argument, false));
    text += "      fi\n      ;;\n";
  }
  return text + "  esac\n}\n\ncomplete -F _troupe troupe\n";
}

// --- zsh ----------------------------------------------------------------------------------------

constexpr std::string_view zsh_head = R"(#compdef troupe
# zsh completion of troupe; made by 'troupe completion zsh'.

# Names come from whoever started a container: they are texts here, and never evaluated.
_troupe_names() { # field of troupe list
  local field=$1
  local -a names
  [[ $field == name && $PREFIX == /* ]] && field=container_id
  names=("${(@f)$("${words[1]}" list --all --no-headers --timeout 2 --fields $field 2>/dev/null)}")
  names=(${names:#-})
  compadd -a names
}

_troupe() {
  local command=troupe flag=${words[CURRENT-1]} i
  local -a flags commands
  if [[ $PREFIX == --*=* ]]; then
    flag=${PREFIX%%=*}
    compset -P '*='
  fi
  for ((i = 2; i < CURRENT; ++i)); do
    case "$command ${words[i]}" in
)";

/// "name:meaning" of _describe.
std::string described(std::string_view name, std::string_view meaning) {
  std::string text;
  for (const char c : name)
    text += c == ':' ? std::string{"\\:"} : std::string{c};
  return shell_quoted(text + ':' + std::string{meaning});
}

std::string zsh_script(const commands& all) {
  auto text = std::string{zsh_head};
  text +=
      fmt::format("      {}) command=\"$command ${{words[i]}}\" ;;\n", any_of(paths_below(all)));
  text += "    esac\n  done\n  case \"$command $flag\" in\n" + value_cases(all, true)
          + "  esac\n  case $command in\n";
  for (const auto& command : all) {
    text += fmt::format("    {})\n      flags=(\n", shell_quoted(command.path));
    for (const auto& flag : command.flags)
      for (const auto& name : flag.names)
        text += fmt::format("        {}\n", described(name, flag.meaning));
    text += "      )\n";
    const auto words = below(all, command);
    if (!words.empty()) {
      text += "      commands=(\n";
      for (const auto* x : words)
        text += fmt::format("        {}\n", described(x->name, x->meaning));
      text += "      )\n";
    }
    if (words.empty() && command.argument.is != kind::none)
      text += fmt::format("      [[ $PREFIX == -* ]] || {}\n", action(command.argument, true));
    text += "      ;;\n";
  }
  text += "  esac\n"
          "  if [[ $PREFIX == -* ]]; then\n"
          "    _describe -o flag flags\n"
          "  elif (( ${#commands} )); then\n"
          "    _describe command commands\n"
          "  fi\n}\n\n";
  // As a file of $fpath its body runs once; sourced, it has to be named.
  return text
         + "if [[ $funcstack[1] == _troupe ]]; then\n  _troupe \"$@\"\nelse\n"
           "  compdef _troupe troupe\nfi\n";
}

// --- fish ---------------------------------------------------------------------------------------

constexpr std::string_view fish_head =
    R"(# fish completion of troupe; made by 'troupe completion fish'.

# Names come from whoever started a container: they are texts here, and never evaluated.
function __troupe_names # field of troupe list
    set -l field $argv[1]
    set -l word (commandline -ct)
    if test $field = name; and string match -q -- '/*' "$word"
        set field container_id
    end
    set -l words (commandline -opc)
    command $words[1] list --all --no-headers --timeout 2 --fields $field 2>/dev/null \
        | string match -v -- -
end

function __troupe_at # the command that is being typed
    set -l at troupe
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        switch "$at $word"
            case )";

std::string fish_value(const completion_value& value) {
  switch (value.is) {
    case kind::listing:
      return " -x -a '(__troupe_names " + value.field + ")'";
    case kind::choice:
      return fmt::format(" -x -a '{}'", fmt::join(value.choices, " "));
    case kind::file:
      return " -r -F";
    case kind::any:
      return " -x";
    case kind::none:
      break;
  }
  return "";
}

std::string fish_flag(const completion_flag& flag) {
  std::string text;
  for (const auto& name : flag.names)
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  return text + fish_value(flag.value) + " -d " + fish_quoted(flag.meaning);
}

std::string fish_script(const commands& all) {
  auto text = std::string{fish_head};
  for (const auto& path : paths_below(all))
    text += fish_quoted(path) + ' ';
  text.back() = '\n';
  text += "                set at \"$at $word\"\n        end\n    end\n"
          "    test \"$at\" = \"$argv[1]\"\nend\n\ncomplete -c troupe -f\n";
  for (const auto& command : all) {
    const auto at = "complete -c troupe -n " + fish_quoted("__troupe_at '" + command.path + "'");
    for (const auto* x : below(all, command))
      text += at + " -a " + x->name + " -d " + fish_quoted(x->meaning) + '\n';
    for (const auto& flag : command.flags)
      text += at + fish_flag(flag) + '\n';
    if (command.argument.is == kind::file)
      text += at + " -F\n";
    else if (command.argument.is == kind::listing)
      text += at + " -a '(__troupe_names " + command.argument.field + ")'\n";
    else if (command.argument.is == kind::choice)
      text += at + fmt::format(" -a '{}'\n", fmt::join(command.argument.choices, " "));
  }
  return text;
}

} // namespace

std::optional<std::string> completion_script(const CLI::App& app, std::string_view shell) {
  const auto all = completion_words(app);
  if (shell == "bash")
    return bash_script(all);
  if (shell == "zsh")
    return zsh_script(all);
  if (shell == "fish")
    return fish_script(all);
  return {};
}

} // namespace troupe
