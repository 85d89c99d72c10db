// SPDX-License-Identifier: Apache-2.0
#include "actors/console/selector.hpp"

#include "actors/console/escape.hpp"
#include "actors/console/nearest.hpp"

#include <algorithm>
#include <cctype>

namespace troupe {

namespace {

/// Shorter prefixes are names: "db" is somebody's database and the start of every 256th id.
constexpr size_t shortest_id_prefix = 4;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c); });
}

bool starts_with_component(std::string_view path, std::string_view front) {
  return path.starts_with(front) && (path.size() == front.size() || path[front.size()] == '/');
}

/// `!x` excludes; no positive value means every container that is not excluded.
template <class Match>
bool any_matches(const std::vector<std::string>& values, Match match) {
  bool asked = false;
  bool found = false;
  for (std::string_view value : values) {
    if (value.starts_with('!')) {
      if (match(value.substr(1)))
        return false;
      continue;
    }
    asked = true;
    found = found || match(value);
  }
  return found || !asked;
}

bool holds(const label_condition& condition, const container_scope& scope) {
  const std::string* value = nullptr;
  if (scope.labels != nullptr)
    if (const auto i = scope.labels->find(condition.key); i != scope.labels->end())
      value = &i->second;
  switch (condition.compare) {
    case label_condition::comparison::equal:
      return value != nullptr && *value == condition.value;
    case label_condition::comparison::unequal:
      return value == nullptr || *value != condition.value;
    case label_condition::comparison::present:
      break;
  }
  return value != nullptr;
}

std::string_view last_component(std::string_view path) {
  return path.substr(path.rfind('/') + 1); // npos + 1 is 0: all of it.
}

/// "/containerd/default/web" has its namespace in the second place.
std::string_view containerd_name_space(std::string_view container_id) {
  constexpr std::string_view front = "/containerd/";
  if (!container_id.starts_with(front))
    return {};
  container_id.remove_prefix(front.size());
  return container_id.substr(0, container_id.find('/'));
}

void append_flags(std::string& text, std::string_view flag,
                  const std::vector<std::string>& values) {
  for (const auto& value : values)
    text.append(text.empty() ? "" : " ")
        .append(flag)
        .append(" ")
        .append(escape_for_terminal(value));
}

std::string_view comparison_text(label_condition::comparison compare) {
  switch (compare) {
    case label_condition::comparison::equal:
      return "=";
    case label_condition::comparison::unequal:
      return "!=";
    case label_condition::comparison::present:
      break;
  }
  return "";
}

} // namespace

container_scope scope_of(const trace_batch& batch) {
  const auto& identity = batch.identity;
  const std::string_view name_space = identity.name_space.empty()
                                          ? containerd_name_space(identity.container_id)
                                          : std::string_view{identity.name_space};
  return {identity.container_id,
          to_string(batch.runtime),
          batch.runtime_id,
          identity.container,
          name_space,
          identity.pod,
          &batch.labels};
}

container_scope scope_of(const container_identity& identity, const container_metadata& metadata) {
  const std::string_view name_space =
      identity.name_space.empty() ? metadata.name_space : identity.name_space;
  return {identity.container_id,
          to_string(metadata.runtime),
          metadata.id,
          metadata.name.empty() ? std::string_view{identity.container} : metadata.name,
          name_space,
          identity.pod.empty() ? metadata.pod : identity.pod,
          &metadata.labels};
}

bool names_container(std::string_view wanted, const container_scope& scope) {
  if (wanted.empty())
    return false;
  if (wanted.front() == '/')
    return starts_with_component(scope.container_id, wanted);
  if (wanted == scope.name || wanted == scope.runtime_id
      || wanted == last_component(scope.container_id))
    return true;
  return wanted.size() >= shortest_id_prefix && is_hex(wanted)
         && scope.runtime_id.starts_with(wanted);
}

bool selector::matches_all() const {
  return containers.empty() && name_spaces.empty() && pods.empty() && runtimes.empty()
         && labels.empty() && pids.empty();
}

bool selector::matches(const container_scope& scope) const {
  const auto equals = [](std::string_view actual) {
    return [actual](std::string_view wanted) {
      return wanted == actual;
    };
  };
  return any_matches(containers,
                     [&](std::string_view wanted) { return names_container(wanted, scope); })
         && any_matches(name_spaces, equals(scope.name_space))
         && any_matches(pods, equals(scope.pod)) && any_matches(runtimes, equals(scope.runtime))
         && std::all_of(labels.begin(), labels.end(),
                        [&](const label_condition& x) { return holds(x, scope); });
}

bool selector::matches_pid(uint32_t pid) const {
  return pids.empty() || std::find(pids.begin(), pids.end(), pid) != pids.end();
}

std::string selector::text() const {
  std::string text;
  append_flags(text, "-c", containers);
  append_flags(text, "-n", name_spaces);
  append_flags(text, "--pod", pods);
  append_flags(text, "-r", runtimes);
  for (const auto& x : labels)
    append_flags(text, "-l", {x.key + std::string{comparison_text(x.compare)} + x.value});
  for (const auto pid : pids)
    append_flags(text, "--pid", {std::to_string(pid)});
  return text;
}

std::optional<label_condition> parse_label_condition(std::string_view text) {
  using comparison = label_condition::comparison;
  const auto equals = text.find('=');
  if (equals == std::string_view::npos)
    return text.empty()
               ? std::nullopt
               : std::optional{label_condition{std::string{text}, comparison::present, {}}};
  const bool negated = equals > 0 && text[equals - 1] == '!';
  const auto key = text.substr(0, negated ? equals - 1 : equals);
  if (key.empty())
    return std::nullopt;
  return label_condition{std::string{key}, negated ? comparison::unequal : comparison::equal,
                         std::string{text.substr(equals + 1)}};
}

std::vector<std::string> explain_missing(const selector& wanted,
                                         const std::vector<container_scope>& present) {
  std::vector<std::string> names;
  for (const auto& scope : present)
    names.emplace_back(scope.name.empty() ? last_component(scope.container_id) : scope.name);
  std::vector<std::string> sentences;
  for (const auto& name : wanted.containers) {
    const auto is_wanted = [&](const container_scope& x) {
      return names_container(name, x);
    };
    if (name.starts_with('!') || std::any_of(present.begin(), present.end(), is_wanted))
      continue;
    std::string sentence = "no container matches '" + name + "' now";
    std::string separator = "; nearest: ";
    for (const auto& near : nearest(last_component(name), names)) {
      sentence += separator + near;
      separator = ", ";
    }
    if (separator == "; nearest: ")
      sentence += "; 'troupe list --all' shows all";
    sentences.push_back(escape_for_terminal(sentence));
  }
  return sentences;
}

} // namespace troupe
