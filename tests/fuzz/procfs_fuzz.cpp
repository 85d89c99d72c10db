// SPDX-License-Identifier: Apache-2.0
// Files of the machine, and what its kernel says of sockets. The first byte chooses: n, the files
// that name the machine (lines: hostname, kernel, machine-id, product_uuid); p, a process' stat,
// status or cgroup file; s, a message about a socket; t, a table of sockets; else a mountinfo.

#include "actors/host/cgroup_hierarchy.hpp"
#include "actors/host/node_info.hpp"
#include "actors/host/process_list.hpp"
#include "actors/host/socket_list.hpp"
#include "actors/host/socket_table.hpp"
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

void read_process_files(std::string_view text) {
  process_info process;
  if (parse_process_stat(text, process)) {
    expect(process.id.pid != 0, "a process has a pid");
    expect(process.comm.size() < text.size(), "a name is a part of the file");
  }
  static_cast<void>(parse_process_user(text));
  for (const auto* controller : {"", "memory"})
    expect(cgroup_path_in(text, controller).size() <= text.size(), "a path is a part of the file");
}

void check(const std::vector<socket_info>& sockets) {
  for (const auto& x : sockets) {
    expect(!socket_state_name(x).empty(), "every state has a name");
    expect(x.local.find(':') != x.local.npos, "an address has a port");
    expect(!x.is_listen() || !x.is_connection(), "a listen is no connection");
  }
}

void read_socket(std::string_view payload) {
  for (const auto protocol : {socket_protocol::tcp, socket_protocol::udp}) {
    std::vector<socket_info> sockets;
    const bool decoded = decode_socket(payload, protocol, sockets);
    expect(sockets.size() == (decoded ? 1 : 0), "a message is one socket, or none");
    check(sockets);
  }
}

void read_table(std::string_view text) {
  std::vector<socket_info> sockets;
  parse_socket_table(text, socket_protocol::tcp, sockets);
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  expect(sockets.size() <= lines, "a line is at most one socket");
  check(sockets);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  if (data[0] == 'n')
    read_names(text);
  else if (data[0] == 'p')
    read_process_files(text);
  else if (data[0] == 's')
    read_socket(text);
  else if (data[0] == 't')
    read_table(text);
  else
    read_mounts(text);
  return 0;
}
