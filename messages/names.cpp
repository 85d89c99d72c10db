// SPDX-License-Identifier: Apache-2.0

// The text of every enumerator that reaches a user: metric labels, JSON, logs.

#include "messages/container_metadata.hpp"
#include "messages/errors.hpp"
#include "messages/identity.hpp"
#include "messages/runtime.hpp"
#include "messages/trace_event.hpp"

#include <array>
#include <utility>

namespace troupe {

namespace {

constexpr std::array<std::pair<runtime_kind, std::string_view>, 11> runtimes{{
    {runtime_kind::unknown, "unknown"},
    {runtime_kind::docker, "docker"},
    {runtime_kind::containerd, "containerd"},
    {runtime_kind::crio, "crio"},
    {runtime_kind::podman, "podman"},
    {runtime_kind::kubernetes, "kubernetes"},
    {runtime_kind::systemd, "systemd"},
    {runtime_kind::lxc, "lxc"},
    {runtime_kind::nspawn, "nspawn"},
    {runtime_kind::garden, "garden"},
    {runtime_kind::talos, "talos"},
}};

} // namespace

std::string_view to_string(runtime_kind kind) {
  for (const auto& [value, text] : runtimes)
    if (value == kind)
      return text;
  return "unknown";
}

runtime_kind runtime_kind_from(std::string_view text) {
  for (const auto& [value, name] : runtimes)
    if (name == text)
      return value;
  return runtime_kind::unknown;
}

std::string_view to_string(cgroup_kind kind) {
  switch (kind) {
    case cgroup_kind::container:
      return "container";
    case cgroup_kind::pod:
      return "pod";
    case cgroup_kind::service:
      return "service";
    case cgroup_kind::session:
      return "session";
    case cgroup_kind::host:
      return "host";
    case cgroup_kind::standalone:
      return "standalone";
    case cgroup_kind::ignore:
      break;
  }
  return "ignore";
}

std::string_view to_string(container_state state) {
  switch (state) {
    case container_state::created:
      return "created";
    case container_state::running:
      return "running";
    case container_state::paused:
      return "paused";
    case container_state::exited:
      return "exited";
    case container_state::unknown:
      break;
  }
  return "unknown";
}

std::string_view to_string(runtime_event_kind kind) {
  constexpr std::array<std::string_view, 13> names{
      "created",     "started",        "exited",  "paused",  "resumed",
      "oom_killed",  "renamed",        "updated", "removed", "exec_started",
      "exec_exited", "health_changed", "listed"};
  const auto i = static_cast<size_t>(kind);
  return i < names.size() ? names[i] : "unknown";
}

std::string_view to_string(life_action action) {
  constexpr std::array<std::string_view, 7> names{"created", "started", "exec", "exec_exited",
                                                  "oom",     "exited",  "gone"};
  const auto i = static_cast<size_t>(action);
  return i < names.size() ? names[i] : "unknown";
}

std::string to_string(ec code) {
  switch (code) {
    case ec::none:
      return "none";
    case ec::unknown_container:
      return "unknown_container";
    case ec::runtime_absent:
      return "runtime_absent";
    case ec::runtime_unreachable:
      return "runtime_unreachable";
    case ec::runtime_forbidden:
      return "runtime_forbidden";
    case ec::runtime_timeout:
      return "runtime_timeout";
    case ec::runtime_garbage:
      return "runtime_garbage";
    case ec::kernel_unsupported:
      return "kernel_unsupported";
    case ec::address_in_use:
      return "address_in_use";
    case ec::shutting_down:
      return "shutting_down";
    case ec::restart_limit:
      return "restart_limit";
    case ec::invalid_configuration:
      return "invalid_configuration";
    case ec::unknown_cgroup:
      return "unknown_cgroup";
    case ec::output_failed:
      return "output_failed";
  }
  return "unknown";
}

} // namespace troupe
