// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// Why something at set-up or control speed did not work. The hot path has its own small enums.
enum class ec : uint8_t {
  none = 0,
  /// A runtime that is reachable does not know the container.
  unknown_container,
  /// No endpoint of this runtime is configured or its socket does not exist.
  runtime_absent,
  /// The runtime's socket exists, but connecting or reading failed.
  runtime_unreachable,
  /// The runtime's socket may not be opened by this user.
  runtime_forbidden,
  /// The runtime did not answer before the deadline.
  runtime_timeout,
  /// The runtime answered something that is not its protocol.
  runtime_garbage,
  /// The kernel refuses or lacks what a feature needs.
  kernel_unsupported,
  /// A listening address cannot be bound.
  address_in_use,
  /// The agent is ending.
  shutting_down,
  /// A child failed more often than the supervisor's bound.
  restart_limit,
  /// A configuration value cannot be used.
  invalid_configuration,
  /// Nothing on the host has this cgroup.
  unknown_cgroup,
  /// What the command line shows cannot be written.
  output_failed,
};

/// The enumerator's name, for logs and metric labels.
std::string to_string(ec code);

} // namespace troupe
