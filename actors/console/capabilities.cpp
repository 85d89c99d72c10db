// SPDX-License-Identifier: Apache-2.0
#include "actors/console/capabilities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <linux/capability.h>

namespace troupe {

namespace {

struct capability {
  unsigned bit;
  std::string_view name;
  std::string_view purpose;
  bool needed;
};

constexpr std::array<capability, 7> used{{
    {CAP_BPF, "BPF", "load BPF programs", true},
    {CAP_PERFMON, "PERFMON", "attach them to kernel events", true},
    {CAP_NET_ADMIN, "NET_ADMIN", "translate addresses behind NAT", false},
    {CAP_SYS_PTRACE, "SYS_PTRACE", "look into the processes of containers", false},
    {CAP_DAC_READ_SEARCH, "DAC_READ_SEARCH", "read files of containers", false},
    {CAP_SYS_RESOURCE, "SYS_RESOURCE", "raise the memory limit of BPF before kernel 5.11", false},
    {CAP_SYS_ADMIN, "SYS_ADMIN", "stand for BPF and PERFMON; enter namespaces", false},
}};

} // namespace

std::optional<uint64_t> parse_effective_capabilities(std::string_view status) {
  constexpr std::string_view key = "\nCapEff:\t";
  const auto at = status.find(key);
  if (at == std::string_view::npos)
    return std::nullopt;
  uint64_t effective = 0;
  const auto* begin = status.data() + at + key.size();
  const auto [end, failure] = std::from_chars(begin, status.data() + status.size(), effective, 16);
  return failure == std::errc{} ? std::optional{effective} : std::nullopt;
}

std::vector<capability_state> judge_capabilities(uint64_t effective) {
  const auto has = [effective](unsigned bit) {
    return (effective >> bit & 1U) != 0;
  };
  std::vector<capability_state> result;
  for (const auto& x : used) // Before 5.8 there was only SYS_ADMIN; it still means both.
    result.push_back({x.name, x.purpose, x.needed, has(x.bit) || (x.needed && has(CAP_SYS_ADMIN))});
  return result;
}

std::vector<capability_state> own_capabilities() {
  std::ifstream file{"/proc/self/status"};
  const std::string status{std::istreambuf_iterator<char>{file}, {}};
  return judge_capabilities(parse_effective_capabilities(status).value_or(0));
}

std::string describe_missing(const std::vector<capability_state>& capabilities) {
  std::vector<std::string_view> missing;
  for (const auto& x : capabilities)
    if (x.needed && !x.held)
      missing.push_back(x.name);
  if (missing.empty())
    return {};
  return fmt::format("not permitted to load BPF programs: run it as root, or with the {} {}",
                     missing.size() == 1 ? "capability" : "capabilities",
                     fmt::join(missing, " and "));
}

} // namespace troupe
