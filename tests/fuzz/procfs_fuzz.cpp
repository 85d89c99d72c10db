// SPDX-License-Identifier: Apache-2.0
// Files of the machine. The first byte chooses: a mountinfo, or the files that name the machine
// (lines: hostname, kernel, machine-id, product_uuid).

#include "actors/host/cgroup_hierarchy.hpp"
#include "actors/host/node_info.hpp"
#include "tests/fuzz/expect.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using namespace troupe;
using fuzz::expect;

void read_mounts(std::string_view text) {
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const auto mounts = parse_cgroup_mounts(text);
  expect(mounts.size() <= lines, "a line is at most one mount");
  size_t bytes = 0;
  for (const auto& mount : mounts) {
    expect(!mount.root.empty() && !mount.point.empty(), "a mount has a root and a point");
    expect(!mount.unified || mount.controllers.empty(), "the unified hierarchy names none");
    for (const auto& controller : mount.controllers)
      expect(!controller.empty() && controller.find('=') == controller.npos,
             "a controller is a name");
    bytes += mount.root.size() + mount.point.size();
  }
  expect(bytes <= text.size(), "unescaping makes nothing longer");
}

/// Made once, empty of all but these files, and removed at the end.
class host_root {
public:
  static constexpr std::array files{"/etc/hostname", "/proc/sys/kernel/osrelease",
                                    "/etc/machine-id", "/sys/class/dmi/id/product_uuid"};

  host_root() {
    std::string name = "/dev/shm/troupe-fuzz-XXXXXX"; // Memory: it is written for every input.
    expect(mkdtemp(name.data()) != nullptr, "mkdtemp");
    path = name;
    for (const auto* file : files)
      std::filesystem::create_directories(std::filesystem::path{path + file}.parent_path());
  }
  ~host_root() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  host_root(const host_root&) = delete;
  host_root& operator=(const host_root&) = delete;

  std::string path;
};

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

void read_names(std::string_view text) {
  static const host_root root;
  for (const auto* file : host_root::files)
    std::ofstream{root.path + file, std::ios::binary} << fuzz::next_part(text, '\n');
  const auto info = read_node_info(root.path);
  for (const auto& name : {info.hostname, info.kernel_version})
    expect(!name.empty() && name.size() <= 256
               && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; }),
           "a name of the machine can be a label");
  const auto& id = info.machine_id;
  expect(id.empty() || (id.size() == 32 && std::all_of(id.begin(), id.end(), is_hex)),
         "a machine-id has its form, or is none");
  const auto& uuid = info.system_uuid;
  expect(uuid.empty()
             || (uuid.size() == 36 && std::count_if(uuid.begin(), uuid.end(), is_hex) == 32
                 && std::count(uuid.begin(), uuid.end(), '-') == 4),
         "a system's uuid has its form, or is none");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  if (data[0] == 'n')
    read_names(text);
  else
    read_mounts(text);
  return 0;
}
