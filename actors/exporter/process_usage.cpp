// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/process_usage.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include <unistd.h>

namespace troupe {

namespace {

constexpr uint64_t ns_per_s = 1'000'000'000;

uint64_t ns_of_ticks(uint64_t ticks) {
  const auto per_s = static_cast<uint64_t>(std::max(sysconf(_SC_CLK_TCK), 1L));
  return ticks / per_s * ns_per_s + ticks % per_s * ns_per_s / per_s;
}

/// proc(5): the fields of /proc/self/stat, from the third (state) on. The second is the name in
/// brackets, which may hold anything, brackets too.
void read_stat(const std::string& proc, process_usage& usage, uint64_t& start_ticks) {
  std::ifstream file{proc + "/self/stat"};
  std::string line;
  if (!std::getline(file, line))
    return;
  std::istringstream fields{line.substr(line.rfind(')') + 1)};
  std::string text;
  uint64_t user = 0, system = 0, pages = 0;
  for (int field = 3; field <= 24 && fields >> text; ++field) {
    const auto number = std::strtoull(text.c_str(), nullptr, 10);
    switch (field) {
      case 14:
        user = number;
        break;
      case 15:
        system = number;
        break;
      case 20:
        usage.threads = number;
        break;
      case 22:
        start_ticks = number;
        break;
      case 23:
        usage.virtual_bytes = number;
        break;
      case 24:
        pages = number;
        break;
      default:
        break;
    }
  }
  usage.cpu_ns = ns_of_ticks(user + system);
  usage.resident_bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// The number that follows `key` at the beginning of a line.
uint64_t read_number(const std::string& path, std::string_view key) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key))
      return std::strtoull(line.c_str() + key.size(), nullptr, 10);
  return 0;
}

uint64_t count_open_fds(const std::string& proc) {
  std::error_code error;
  uint64_t count = 0;
  for (std::filesystem::directory_iterator i{proc + "/self/fd", error}, end; !error && i != end;
       i.increment(error))
    ++count;
  return count;
}

} // namespace

process_usage read_process_usage(const std::string& proc) {
  process_usage usage;
  uint64_t start_ticks = 0;
  read_stat(proc, usage, start_ticks);
  usage.open_fds = count_open_fds(proc);
  usage.max_fds = read_number(proc + "/self/limits", "Max open files");
  if (const auto boot_s = read_number(proc + "/stat", "btime "); boot_s > 0)
    usage.start_time_ns = boot_s * ns_per_s + ns_of_ticks(start_ticks);
  return usage;
}

uint64_t uptime_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * ns_per_s + static_cast<uint64_t>(now.tv_nsec);
}

} // namespace troupe
