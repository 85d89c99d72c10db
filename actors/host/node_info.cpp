// SPDX-License-Identifier: Apache-2.0

#include "actors/host/node_info.hpp"

#include "actors/host/bounded_file.hpp"

#include <algorithm>
#include <string_view>

#include <sys/utsname.h>

namespace troupe {

namespace {

constexpr size_t line_bytes_max = 256;

std::string first_line(const std::string& path) {
  auto text = read_bounded(path, line_bytes_max).value_or("");
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  return text;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// These become label values of every series.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// machine-id(5): 32 lower-case hexadecimal digits. An image's "uninitialized" is not one.
std::string read_machine_id(const std::string& host_root) {
  for (const auto* path : {"/etc/machine-id", "/var/lib/dbus/machine-id"}) {
    auto id = first_line(host_root + path);
    if (id.size() == 32 && std::all_of(id.begin(), id.end(), is_hex))
      return id;
  }
  return {};
}

/// Firmware writes it in either case; readable by root only.
std::string read_system_uuid(const std::string& host_root) {
  auto uuid = first_line(host_root + "/sys/class/dmi/id/product_uuid");
  for (auto& c : uuid)
    if (c >= 'A' && c <= 'F')
      c = static_cast<char>(c - 'A' + 'a');
  if (uuid.size() != 36)
    return {};
  for (size_t i = 0; i < uuid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? uuid[i] != '-' : !is_hex(uuid[i]))
      return {};
  }
  return uuid;
}

} // namespace

node_info read_node_info(const std::string& host_root) {
  node_info info;
  utsname system{};
  if (uname(&system) == 0) {
    info.hostname = system.nodename;
    info.kernel_version = system.release;
  }
  // uname() in a container tells the container's name, not the machine's.
  if (auto name = first_line(host_root + "/etc/hostname");
      !host_root.empty() && !name.empty() && is_printable(name))
    info.hostname = std::move(name);
  if (auto release = first_line(host_root + "/proc/sys/kernel/osrelease");
      !release.empty() && is_printable(release))
    info.kernel_version = std::move(release);
  info.machine_id = read_machine_id(host_root);
  info.system_uuid = read_system_uuid(host_root);
  return info;
}

} // namespace troupe
