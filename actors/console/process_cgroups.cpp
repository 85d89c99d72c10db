// SPDX-License-Identifier: Apache-2.0
#include "actors/console/process_cgroups.hpp"

#include "actors/registry/cgroup_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace troupe {

std::vector<std::string> container_ids_in(std::string_view cgroup_file) {
  std::vector<std::string> ids;
  while (!cgroup_file.empty()) {
    const auto end = std::min(cgroup_file.find('\n'), cgroup_file.size());
    auto line = cgroup_file.substr(0, end);
    cgroup_file.remove_prefix(std::min(end + 1, cgroup_file.size()));
    const auto first = line.find(':'); // "4:memory:/docker/0123"
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos)
      continue;
    line.remove_prefix(second + 1);
    const auto meaning = parse_cgroup_path(line);
    if (meaning.kind == cgroup_kind::container
        && std::find(ids.begin(), ids.end(), meaning.id) == ids.end())
      ids.push_back(meaning.id);
  }
  return ids;
}

std::vector<std::string> container_ids_of(const std::string& host_root, uint32_t pid) {
  std::ifstream file{fmt::format("{}/proc/{}/cgroup", host_root, pid)};
  const std::string content{std::istreambuf_iterator<char>{file}, {}};
  return container_ids_in(content);
}

} // namespace troupe
