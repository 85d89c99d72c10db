// SPDX-License-Identifier: Apache-2.0
// Uses CAF: the names of CAF's own types.

#include "actors/supervisor/gauged_actor.hpp"

#include <caf/type_nr.hpp>

#include <cstdlib>
#include <memory>
#include <string_view>
#include <typeinfo>

#include <cxxabi.h>

namespace troupe {

namespace {

/// CAF numbers its own types below this; what is larger is an address.
constexpr uint64_t numbers_end = uint64_t{1} << 16;

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text{
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free};
  return status == 0 && text ? text.get() : name;
}

/// CAF writes "@exit", and "@u64".
std::string without_at(std::string_view name) {
  return std::string{name.substr(name.starts_with('@') ? 1 : 0)};
}

} // namespace

std::string message_type_name(uint64_t type) {
  if (type == 0)
    return "empty";
  if (type < numbers_end)
    return type < caf::type_nrs ? without_at(caf::numbered_type_names[type - 1]) : "built_in";
  auto text = demangled(reinterpret_cast<const std::type_info*>(type)->name());
  if (text.find("typed_actor<") != std::string::npos)
    return "actor_handle"; // Its name is its whole interface.
  constexpr std::string_view ours = "troupe::";
  for (auto at = text.find(ours); at != std::string::npos; at = text.find(ours, at))
    text.erase(at, ours.size());
  return text;
}

} // namespace troupe
