// SPDX-License-Identifier: Apache-2.0
#include "actors/host/process_list.hpp"

#include "actors/host/bounded_file.hpp"
#include "actors/host/text_parts.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace troupe {

namespace {

constexpr size_t stat_bytes_max = 4096;
constexpr size_t status_bytes_max = 16U << 10;
constexpr size_t cgroup_bytes_max = 64U << 10;
constexpr uint64_t second_ns = 1'000'000'000;
constexpr uint64_t kernel_thread_flag = 0x00200000; ///< PF_KTHREAD in include/linux/sched.h
constexpr std::string_view removed_suffix = " (deleted)";

uint64_t ticks_to_ns(uint64_t ticks) {
  static const auto per_second = static_cast<uint64_t>(std::max(sysconf(_SC_CLK_TCK), 1L));
  return ticks / per_second * second_ns + ticks % per_second * (second_ns / per_second);
}

uint64_t page_bytes() {
  static const auto bytes = static_cast<uint64_t>(std::max(sysconf(_SC_PAGESIZE), 1L));
  return bytes;
}

/// Arguments end with a null byte each; a process that writes over them may leave out the last one.
std::vector<std::string> split_arguments(std::string_view text) {
  std::vector<std::string> arguments;
  while (!text.empty()) {
    const auto end = std::min(text.find('\0'), text.size());
    arguments.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!arguments.empty() && arguments.back().empty())
    arguments.pop_back(); // Titles are padded with null bytes.
  return arguments;
}

} // namespace

bool parse_process_stat(std::string_view text, process_info& into) {
  // "7 (my (odd) name) S 1 7 7 0 -1 4194560 ...": the name ends at the last parenthesis.
  const auto begin = text.find('(');
  const auto end = text.rfind(')');
  if (begin == text.npos || end == text.npos || end < begin)
    return false;
  const auto pid = parse_unsigned(text.substr(0, text.find(' ')));
  constexpr size_t first = 3; // proc(5) counts from 1, and the name is the second.
  const auto fields = split_text(text.substr(end + 1), ' ');
  if (!pid || *pid == 0 || *pid > UINT32_MAX || fields.size() <= 24 - first)
    return false;
  const auto number = [&](size_t field) {
    return parse_unsigned(fields[field - first]).value_or(0);
  };
  into.id = {static_cast<uint32_t>(*pid), ticks_to_ns(number(22))};
  into.comm = text.substr(begin + 1, end - begin - 1);
  into.state = fields[0].front();
  into.parent = static_cast<uint32_t>(number(4));
  into.of_kernel = (number(9) & kernel_thread_flag) != 0;
  into.cpu_time_ns = ticks_to_ns(number(14) + number(15));
  into.threads = static_cast<uint32_t>(number(20));
  into.resident_bytes = number(24) * page_bytes();
  return true;
}

std::optional<uint32_t> parse_process_user(std::string_view status) {
  for (auto line : split_text(status, '\n')) {
    if (!line.starts_with("Uid:\t"))
      continue;
    const auto ids = split_text(line.substr(5), '\t'); // Real, effective, saved, of the filesystem.
    const auto user = ids.size() < 2 ? std::nullopt : parse_unsigned(ids[1]);
    return user && *user <= UINT32_MAX ? std::optional{static_cast<uint32_t>(*user)} : std::nullopt;
  }
  return {};
}

std::string cgroup_path_in(std::string_view cgroup_file, std::string_view controller) {
  for (auto line : split_text(cgroup_file, '\n')) {
    const auto first = line.find(':'); // "4:memory:/docker/0123", "0::/docker/0123"
    const auto second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos)
      continue;
    const auto names = split_text(line.substr(first + 1, second - first - 1), ',');
    const bool meant = controller.empty()
                           ? line.starts_with("0::")
                           : std::find(names.begin(), names.end(), controller) != names.end();
    if (!meant)
      continue;
    auto path = line.substr(second + 1);
    if (path.ends_with(removed_suffix))
      path.remove_suffix(removed_suffix.size());
    return std::string{path};
  }
  return {};
}

std::optional<process_info> read_process(const std::string& host_root, uint32_t pid,
                                         std::string_view controller,
                                         const process_bounds& bounds) {
  const auto folder = host_root + "/proc/" + std::to_string(pid);
  const auto stat = read_bounded(folder + "/stat", stat_bytes_max);
  process_info result;
  if (!stat || !parse_process_stat(*stat, result) || result.id.pid != pid)
    return {};
  if (const auto text = read_bounded(folder + "/status", status_bytes_max))
    result.user = parse_process_user(*text).value_or(0);
  if (const auto text = read_bounded(folder + "/cgroup", cgroup_bytes_max))
    result.cgroup_path = cgroup_path_in(*text, controller);
  if (const auto text = read_bounded(folder + "/cmdline", bounds.argument_bytes))
    result.arguments = split_arguments(*text);
  return result;
}

process_listing read_processes(const std::string& host_root, std::string_view controller,
                               const process_bounds& bounds) {
  process_listing result;
  std::error_code failed;
  std::filesystem::directory_iterator folder{host_root + "/proc", failed};
  const std::filesystem::directory_iterator end;
  for (; !failed && folder != end; folder.increment(failed)) {
    const auto pid = parse_unsigned(folder->path().filename().native());
    if (!pid || *pid == 0 || *pid > UINT32_MAX)
      continue;
    if (result.processes.size() == bounds.processes) {
      result.complete = false;
      break;
    }
    if (auto process = read_process(host_root, static_cast<uint32_t>(*pid), controller, bounds))
      result.processes.push_back(std::move(*process));
  }
  result.complete = result.complete && !failed;
  std::sort(result.processes.begin(), result.processes.end(),
            [](const process_info& a, const process_info& b) { return a.id.pid < b.id.pid; });
  return result;
}

} // namespace troupe
