// SPDX-License-Identifier: Apache-2.0
#include "actors/console/configuration_file.hpp"

#include "actors/console/escape.hpp"
#include "actors/console/nearest.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

namespace troupe {

namespace {

constexpr size_t largest_file = 1U << 20U;

/// A line of the file, as an editor counts them.
std::string at(const std::string& path, const YAML::Mark& mark) {
  return fmt::format("{}:{}", path, mark.line + 1);
}

const setting* find_setting(std::string_view key) {
  const auto& schema = settings_schema();
  const auto i =
      std::find_if(schema.begin(), schema.end(), [key](const setting& x) { return x.key == key; });
  return i == schema.end() ? nullptr : &*i;
}

std::string unknown_key(const std::string& key) {
  std::vector<std::string> keys;
  for (const auto& x : settings_schema())
    keys.emplace_back(x.key);
  return fmt::format("unknown key '{}'{}", escape_for_terminal(key), did_you_mean(key, keys));
}

/// A list may be a YAML sequence; inside, its items are joined as on the command line.
std::string text_of(const setting& x, const YAML::Node& node, std::string& error) {
  if (node.IsNull())
    return {};
  if (node.IsScalar())
    return node.Scalar();
  std::string text;
  if (x.list && node.IsSequence()) {
    for (const auto& item : node) {
      if (!item.IsScalar() || item.Scalar().find(',') != std::string::npos) {
        error = "its items must be plain texts without commas";
        return {};
      }
      text += (text.empty() ? "" : ",") + item.Scalar();
    }
    return text;
  }
  error = x.list ? "write a list of texts" : "write one value";
  return {};
}

std::string apply(const std::string& path, const YAML::Node& root, configuration& into) {
  std::set<std::string> seen;
  for (const auto& entry : root) {
    if (!entry.first.IsScalar())
      return at(path, entry.first.Mark()) + ": a key must be a plain text";
    const auto& key = entry.first.Scalar();
    const auto* known = find_setting(key);
    if (known == nullptr)
      return fmt::format("{}: {}", at(path, entry.first.Mark()), unknown_key(key));
    if (!seen.insert(key).second)
      return fmt::format("{}: '{}' is set twice; remove one", at(path, entry.first.Mark()), key);
    std::string error;
    const auto text = text_of(*known, entry.second, error);
    if (error.empty())
      error = known->set(into, text);
    if (!error.empty())
      return fmt::format("{}: {} '{}': {}", at(path, entry.second.Mark()), key,
                         escape_for_terminal(text), error);
  }
  return {};
}

} // namespace

std::string read_configuration_file(const std::string& path, configuration& into) {
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string content(largest_file + 1, '\0');
  if (!file || !file.read(content.data(), static_cast<std::streamsize>(content.size())).eof())
    return fmt::format("cannot read {}: {}; check --config", path,
                       errno != 0 ? std::strerror(errno) : "it is larger than 1 MiB");
  content.resize(static_cast<size_t>(file.gcount()));
  try {
    const auto root = YAML::Load(content);
    if (root.IsNull())
      return {};
    if (!root.IsMap())
      return fmt::format("{}: write settings as 'key: value' lines", at(path, root.Mark()));
    return apply(path, root, into);
  } catch (const YAML::Exception& e) { // yaml-cpp throws; nothing of ours does.
    return fmt::format("{}: not YAML: {}", at(path, e.mark), escape_for_terminal(e.msg));
  }
}

} // namespace troupe
