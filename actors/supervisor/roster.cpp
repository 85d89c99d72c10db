// SPDX-License-Identifier: Apache-2.0

#include "actors/supervisor/roster.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::array<role, role_count> all_roles{
    role::console,    role::host,      role::runtime_metadata, role::registry,
    role::bpf_reader, role::gc_ticker, role::exporter,         role::kubernetes_workloads};

/// What a child cannot do without. A restarted host or runtime_metadata is only announced to the
/// registry: the containers it knows outlive them. So is a restarted registry to
/// kubernetes_workloads, which may be in the middle of a call.
bool is_built_on(role child, role base) {
  return base == role::registry && (child == role::bpf_reader || child == role::gc_ticker);
}

/// What has to be there when a child is first made, because its handle is an argument.
bool is_made_of(role child, role base) {
  return is_built_on(child, base) || (child == role::kubernetes_workloads && base == role::registry)
         || (child == role::registry
             && (base == role::console || base == role::host || base == role::runtime_metadata));
}

} // namespace

const char* to_string(role child) {
  constexpr std::array<const char*, role_count> names{
      "console",    "host",      "runtime_metadata", "registry",
      "bpf_reader", "gc_ticker", "exporter",         "kubernetes_workloads"};
  return names[index_of(child)];
}

void roster::leave_out(role child) {
  at(child).phase = phase_kind::left_out;
}

void roster::started(role child, steady_time now) {
  auto& x = at(child);
  x.phase = phase_kind::running;
  x.since = now;
  ++x.starts;
}

void roster::stopping(role child, steady_time now) {
  auto& x = at(child);
  x.phase = phase_kind::stopping;
  x.since = now;
}

void roster::stopped(role child) {
  auto& x = at(child);
  x.phase = phase_kind::waiting;
  x.since = {};
}

std::optional<std::chrono::milliseconds> roster::failed(role child, steady_time now) {
  auto& x = at(child);
  if (x.phase == phase_kind::running && now - x.since >= healthy_after)
    x.failures = 0;
  x.phase = phase_kind::waiting;
  if (x.failures == max_failures)
    return {};
  const auto wait = std::min(first_backoff * (1 << x.failures), max_backoff);
  ++x.failures;
  x.since = now + wait;
  return wait;
}

std::optional<role> roster::next_to_start(steady_time now) const {
  for (auto child : all_roles) {
    const auto& x = at(child);
    if (x.phase == phase_kind::waiting && x.since <= now && has_what_it_needs(child))
      return child;
  }
  return {};
}

std::vector<role> roster::to_stop() const {
  std::vector<role> result;
  for (auto child : all_roles)
    for (auto base : all_roles)
      if (is_running(child) && is_built_on(child, base) && !is_running(base))
        result.push_back(child);
  return result;
}

std::optional<role> roster::overdue(steady_time now) const {
  for (auto child : all_roles)
    if (is_stopping(child) && now - at(child).since >= stop_timeout)
      return child;
  return {};
}

bool roster::complete() const {
  return std::all_of(records_.begin(), records_.end(), [](const record& x) {
    return x.phase == phase_kind::running || x.phase == phase_kind::left_out;
  });
}

uint64_t roster::restarts(role child) const {
  const auto starts = at(child).starts;
  return starts == 0 ? 0 : starts - 1;
}

bool roster::has_what_it_needs(role child) const {
  return std::all_of(all_roles.begin(), all_roles.end(), [&](role base) {
    return !is_made_of(child, base) || is_running(base) || is_left_out(base);
  });
}

} // namespace troupe
