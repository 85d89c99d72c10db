// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/container_metadata.hpp"
#include "messages/trace_event.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What the scope flags are compared with, of a listed container or of a batch of events.
struct container_scope {
  std::string_view container_id; ///< "/docker/web"
  std::string_view runtime;
  std::string_view runtime_id;
  std::string_view name;       ///< the runtime's name, or the name within the pod
  std::string_view name_space; ///< of Kubernetes, else of containerd
  std::string_view pod;        ///< of Kubernetes, else podman's
  const std::map<std::string, std::string>* labels = nullptr;
};

[[nodiscard]] container_scope scope_of(const trace_batch& batch);
[[nodiscard]] container_scope scope_of(const container_identity& identity,
                                       const container_metadata& metadata);

/// One -l: `key=value`, `key!=value`, or `key` (any value).
struct label_condition {
  enum class comparison : uint8_t { equal, unequal, present };
  std::string key;
  comparison compare = comparison::present;
  std::string value;
};

/// The scope flags, as given. Within one flag any value may match; different flags must all match;
/// `!x` excludes whatever else matches. Every -l must hold.
struct selector {
  std::vector<std::string> containers; ///< id, name, or four and more digits of a runtime's id
  std::vector<std::string> name_spaces;
  std::vector<std::string> pods;
  std::vector<std::string> runtimes;
  std::vector<label_condition> labels;
  std::vector<uint32_t> pids; ///< of a process, in the host's pid namespace

  /// True when no flag narrows anything.
  [[nodiscard]] bool matches_all() const;
  /// Whether the container is in scope; pids are not looked at.
  [[nodiscard]] bool matches(const container_scope& scope) const;
  [[nodiscard]] bool matches_pid(uint32_t pid) const;
  /// The scope flags of this selector in words, for "nothing matches ...".
  [[nodiscard]] std::string text() const;
};

/// Nothing when there is no key in it.
[[nodiscard]] std::optional<label_condition> parse_label_condition(std::string_view text);

/// Whether `wanted` (without its "!") names this container.
[[nodiscard]] bool names_container(std::string_view wanted, const container_scope& scope);

/// The wanted containers (no "!x") that none of these is, each in a sentence that names the nearest
/// which are there: "no container matches 'wbe' now; nearest: web"
[[nodiscard]] std::vector<std::string> explain_missing(const selector& wanted,
                                                       const std::vector<container_scope>& present);

} // namespace troupe
