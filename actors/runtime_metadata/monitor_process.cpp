// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/monitor_process.hpp"

#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <algorithm>
#include <array>

namespace troupe {
namespace {

constexpr std::string_view shim_prefix = "containerd-shim";

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// The values of flags: "-n web", "--name web", "--name=web". Of one given twice the first counts.
class flag_reader {
public:
  explicit flag_reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  // Calls `take(name, value)` for every argument that begins with "-"; value may be another flag.
  // True from it says that the value was used up.
  template <class Take>
  void read(Take take) const {
    for (size_t i = 1; i < arguments_.size(); ++i) {
      std::string_view name = arguments_[i];
      if (!name.starts_with('-'))
        continue;
      if (const auto equals = name.find('='); equals != std::string_view::npos) {
        take(name.substr(0, equals), name.substr(equals + 1));
        continue;
      }
      const std::string_view next =
          i + 1 < arguments_.size() ? std::string_view{arguments_[i + 1]} : std::string_view{};
      i += take(name, next) ? 1 : 0;
    }
  }

private:
  const std::vector<std::string>& arguments_;
};

bool set_once(std::string& field, std::string_view text) {
  if (field.empty() && text.size() <= runtime_bounds::text_bytes)
    field = text;
  return true;
}

bool is_path(std::string_view text) {
  return text.starts_with('/');
}

std::optional<monitor_claim> parse_shim(const std::vector<std::string>& arguments) {
  monitor_claim claim;
  std::string work_folder; // of the first generation of shims, which had no -id
  flag_reader{arguments}.read([&](std::string_view name, std::string_view value) {
    name.remove_prefix(name.starts_with("--") ? 2 : 1);
    if (name == "namespace")
      return set_once(claim.name_space, value);
    if (name == "id")
      return set_once(claim.id, value);
    if (name == "workdir")
      return set_once(work_folder, value);
    return false;
  });
  if (claim.id.empty())
    claim.id = base_name(work_folder);
  if (!plausible_id(claim.id) || !plausible_id(claim.name_space))
    return std::nullopt;
  claim.runtime = runtime_kind::containerd;
  claim.oci_runtime = runtime_of_shim(arguments.front());
  return claim;
}

std::optional<monitor_claim> parse_conmon(const std::vector<std::string>& arguments) {
  monitor_claim claim;
  std::string runtime_path;
  flag_reader{arguments}.read([&](std::string_view name, std::string_view value) {
    if (name == "-c" || name == "--cid")
      return set_once(claim.id, value);
    if (name == "-n" || name == "--name")
      return set_once(claim.name, value);
    if (name == "-b" || name == "--bundle")
      return set_once(claim.bundle, value);
    if (name == "-p" || name == "--container-pidfile")
      return set_once(claim.pid_file, value);
    if (name == "-r" || name == "--runtime")
      return set_once(runtime_path, value);
    // What stands behind these may look like a flag, and is one for another program.
    return name == "--exit-command-arg" || name == "--runtime-arg";
  });
  if (!plausible_id(claim.id) || !is_path(claim.bundle) || !is_path(claim.pid_file))
    return std::nullopt;
  claim.runtime = runtime_kind::podman;
  claim.name.resize(std::min(claim.name.size(), runtime_bounds::name_bytes));
  claim.oci_runtime = base_name(runtime_path).substr(0, runtime_bounds::name_bytes);
  return claim;
}

} // namespace

bool may_be_monitor(std::string_view comm) {
  return comm == "conmon" || comm.starts_with(shim_prefix);
}

std::optional<monitor_claim> parse_monitor(const std::vector<std::string>& arguments) {
  if (arguments.empty())
    return std::nullopt;
  const auto program = base_name(arguments.front());
  if (program.starts_with(shim_prefix))
    return parse_shim(arguments);
  return program == "conmon" ? parse_conmon(arguments) : std::nullopt;
}

std::string runtime_of_shim(std::string_view executable) {
  auto name = base_name(executable);
  constexpr std::string_view prefix = "containerd-shim-";
  if (!name.starts_with(prefix) || name.size() > runtime_bounds::name_bytes)
    return {};
  name.remove_prefix(prefix.size());
  const auto dash = name.rfind('-'); // before the version
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == name.size())
    return {};
  return "io.containerd." + std::string{name.substr(0, dash)} + '.'
         + std::string{name.substr(dash + 1)};
}

bool is_hosts_process(std::string_view status) {
  constexpr std::string_view key = "\nNSpid:\t";
  const auto begin = status.find(key);
  if (begin == std::string_view::npos)
    return false;
  const auto line = status.substr(begin + key.size());
  return line.substr(0, line.find('\n')).find('\t') == std::string_view::npos;
}

} // namespace troupe
