// SPDX-License-Identifier: Apache-2.0

#include "actors/registry/path_forms.hpp"

#include <algorithm>
#include <array>

namespace troupe {

namespace {

// Not std::isalnum and friends: they ask the locale.
bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_joint(char c) {
  return c == '.' || c == '_' || c == '-';
}

bool is_pod_uid(std::string_view text) {
  if (text.size() == 32)
    return std::all_of(text.begin(), text.end(), is_hex);
  if (text.size() != 36)
    return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i]))
      return false;
  }
  return true;
}

int hex_value(char c) {
  return c <= '9' ? c - '0' : c - 'a' + 10;
}

} // namespace

bool is_long_id(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), is_hex);
}

bool is_containerd_name(std::string_view text) {
  if (text.empty() || text.size() > 76)
    return false;
  bool joint = true; // As if one stood before: the name may not begin with one.
  for (char c : text) {
    if (is_joint(c) ? joint : !is_alphanumeric(c))
      return false;
    joint = is_joint(c);
  }
  return !joint;
}

bool is_known_containerd_namespace(std::string_view text) {
  constexpr std::array<std::string_view, 4> names{"default", "k8s.io", "moby", "buildkit"};
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && (is_alphanumeric(text[0]) || text[0] == '_')
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return is_alphanumeric(c) || is_joint(c); });
}

bool is_unit_name(std::string_view text) {
  constexpr std::array<std::string_view, 7> suffixes{".slice",  ".service", ".scope",    ".mount",
                                                     ".socket", ".swap",    ".partition"};
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [&](std::string_view suffix) { return text.ends_with(suffix); });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

std::string pod_uid_of(std::string_view segment) {
  const bool slice = segment.ends_with(".slice");
  if (slice) {
    segment.remove_suffix(6);
    const auto at = segment.rfind("-pod");
    if (at == segment.npos)
      return {};
    segment.remove_prefix(at + 1);
  }
  if (!segment.starts_with("pod"))
    return {};
  std::string uid{segment.substr(3)};
  if (slice && uid.find('-') != uid.npos) // A dash would be a level of its own.
    return {};
  if (slice)
    std::replace(uid.begin(), uid.end(), '_', '-');
  return is_pod_uid(uid) ? uid : std::string{};
}

std::string unit_unescaped(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    if (i + 3 >= text.size() || text[i + 1] != 'x' || !is_hex(text[i + 2]) || !is_hex(text[i + 3]))
      return {};
    result += static_cast<char>(hex_value(text[i + 2]) * 16 + hex_value(text[i + 3]));
    i += 3;
  }
  return result;
}

} // namespace troupe
