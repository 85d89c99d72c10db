// SPDX-License-Identifier: Apache-2.0
#pragma once

// What systemd says of a unit, without the bus it says it on.

#include "actors/runtime_metadata/runtime_client.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Those of a unit's properties (org.freedesktop.systemd1(5)) that we read, by their type.
struct unit_properties {
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, uint64_t, std::less<>> numbers; ///< also booleans and signed ones
  std::map<std::string, std::vector<std::string>, std::less<>> lists;
};

enum class unit_property_type : uint8_t { unwanted, text, number, list, command };

/// Of which type a property is; unwanted where we do not read it.
unit_property_type type_of_unit_property(std::string_view name);

/// The unit that a container's id names: "nginx.service" of "/system.slice/nginx.service". Empty
/// when it is no service's.
std::string unit_of_container_id(std::string_view id);

/// Whether the unit in this control group is a container of its own to us: a service of the
/// system, not of a user, and not one that only holds a machine of nspawn.
bool is_unit_container(std::string_view control_group);

/// A unit as a container. `id` is its control group, or where it had its last one.
container_metadata metadata_of_unit(const unit_properties& unit, std::string id);

/// Makes events of what units say of themselves one after the other. Bounded: units beyond the
/// bound only ever are "updated".
class unit_history {
public:
  /// `begun_ns`: since when we watch; who started before that did not start now.
  explicit unit_history(int64_t begun_ns) : begun_ns_(begun_ns) {}

  /// Where this unit had its last control group; empty when we never knew.
  [[nodiscard]] std::string id_of(const std::string& unit) const;
  /// What happened, if anything.
  std::optional<runtime_event> changed(const std::string& unit, container_metadata now);
  /// systemd has forgotten the unit.
  std::optional<runtime_event> removed(const std::string& unit);

private:
  int64_t begun_ns_;
  std::map<std::string, container_metadata> known_;
};

} // namespace troupe
