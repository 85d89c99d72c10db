// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <string>

namespace troupe {
namespace {

void cut(std::string& text, size_t bytes) {
  if (text.size() <= bytes)
    return;
  text.resize(bytes);
  text.shrink_to_fit();
}

void cut(std::vector<std::string>& texts) {
  texts.resize(std::min(texts.size(), runtime_bounds::texts));
  for (auto& text : texts)
    cut(text, runtime_bounds::text_bytes);
}

void cut(std::map<std::string, std::string>& pairs) {
  std::erase_if(
      pairs, [](const auto& pair) { return pair.first.size() > runtime_bounds::label_key_bytes; });
  while (pairs.size() > runtime_bounds::labels)
    pairs.erase(std::prev(pairs.end()));
  for (auto& [key, value] : pairs)
    cut(value, runtime_bounds::label_value_bytes);
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Reads exactly `digits` digits at `at` and goes on behind them; -1 when there are none.
int read_number(std::string_view text, size_t& at, size_t digits) {
  if (text.size() < at + digits)
    return -1;
  int value = 0;
  const auto* first = text.data() + at;
  const auto [end, error] = std::from_chars(first, first + digits, value);
  if (error != std::errc{} || end != first + digits || value < 0)
    return -1;
  at += digits;
  return value;
}

bool skip(std::string_view text, size_t& at, char expected) {
  if (at >= text.size() || text[at] != expected)
    return false;
  ++at;
  return true;
}

// ".123456789": up to nine digits count, more are skipped.
std::optional<int64_t> read_fraction(std::string_view text, size_t& at) {
  if (!skip(text, at, '.'))
    return 0;
  int64_t value = 0;
  size_t digits = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
    if (digits < 9) {
      value = value * 10 + (text[at] - '0');
      ++digits;
    }
  if (digits == 0)
    return std::nullopt;
  for (; digits < 9; ++digits)
    value *= 10;
  return value;
}

// "Z" or "+02:00", in seconds, at the text's end.
std::optional<int64_t> read_offset(std::string_view text, size_t& at) {
  if (at + 1 == text.size() && (text[at] == 'Z' || text[at] == 'z'))
    return 0;
  if (at >= text.size() || (text[at] != '+' && text[at] != '-'))
    return std::nullopt;
  const int64_t sign = text[at++] == '+' ? 1 : -1;
  const int hours = read_number(text, at, 2);
  if (hours < 0 || hours > 23 || !skip(text, at, ':'))
    return std::nullopt;
  const int minutes = read_number(text, at, 2);
  if (minutes < 0 || minutes > 59 || at != text.size())
    return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

std::optional<std::chrono::sys_days> read_date(std::string_view text, size_t& at) {
  const int year = read_number(text, at, 4);
  if (year < 1970 || year > 2261 || !skip(text, at, '-')) // int64_t ends in 2262
    return std::nullopt;
  const int month = read_number(text, at, 2);
  if (month < 0 || !skip(text, at, '-'))
    return std::nullopt;
  const int day = read_number(text, at, 2);
  const auto date = std::chrono::year{year} / month / day;
  if (day < 0 || !date.ok())
    return std::nullopt;
  return std::chrono::sys_days{date};
}

std::optional<int64_t> read_seconds_of_day(std::string_view text, size_t& at) {
  const int hour = read_number(text, at, 2);
  if (hour < 0 || hour > 23 || !skip(text, at, ':'))
    return std::nullopt;
  const int minute = read_number(text, at, 2);
  if (minute < 0 || minute > 59 || !skip(text, at, ':'))
    return std::nullopt;
  const int second = read_number(text, at, 2);
  if (second < 0 || second > 60) // 60: a leap second
    return std::nullopt;
  return hour * 3600 + minute * 60 + second;
}

} // namespace

void bound(container_metadata& metadata) {
  for (auto* text : {&metadata.id, &metadata.name, &metadata.name_space, &metadata.image_digest,
                     &metadata.health, &metadata.pod, &metadata.sandbox_id, &metadata.oci_runtime,
                     &metadata.nomad.name_space, &metadata.nomad.job, &metadata.nomad.group,
                     &metadata.nomad.alloc, &metadata.nomad.task, &metadata.systemd_type,
                     &metadata.systemd_triggered_by})
    cut(*text, runtime_bounds::name_bytes);
  cut(metadata.image, runtime_bounds::image_bytes);
  cut(metadata.labels);
}

void bound(container_details& details) {
  cut(details.command);
  cut(details.environment);
  cut(details.annotations);
  cut(details.namespaces);
  for (auto* text :
       {&details.user, &details.hostname, &details.restart_policy, &details.limits.cpuset})
    cut(*text, runtime_bounds::name_bytes);
  for (auto* text : {&details.working_dir, &details.cgroup_path, &details.log_path})
    cut(*text, runtime_bounds::text_bytes);
  details.mounts.resize(std::min(details.mounts.size(), runtime_bounds::mounts));
  for (auto& mount : details.mounts) {
    cut(mount.type, runtime_bounds::name_bytes);
    cut(mount.source, runtime_bounds::text_bytes);
    cut(mount.destination, runtime_bounds::text_bytes);
  }
  details.networks.resize(std::min(details.networks.size(), runtime_bounds::networks));
  for (auto& network : details.networks)
    for (auto* text : {&network.name, &network.ipv4, &network.ipv6, &network.mac})
      cut(*text, runtime_bounds::name_bytes);
}

nomad_task nomad_from(const std::vector<std::string>& environment) {
  nomad_task task;
  std::string job_id;
  const std::pair<std::string_view, std::string&> fields[] = {{"NOMAD_NAMESPACE=", task.name_space},
                                                              {"NOMAD_JOB_NAME=", task.job},
                                                              {"NOMAD_JOB_ID=", job_id},
                                                              {"NOMAD_GROUP_NAME=", task.group},
                                                              {"NOMAD_ALLOC_ID=", task.alloc},
                                                              {"NOMAD_TASK_NAME=", task.task}};
  for (const auto& variable : environment)
    for (const auto& [key, field] : fields)
      if (variable.starts_with(key))
        field = variable.substr(key.size(), runtime_bounds::name_bytes);
  if (task.alloc.empty())
    return {};
  if (task.job.empty())
    task.job = std::move(job_id);
  return task;
}

uint64_t millicores(int64_t quota_us, int64_t period_us) {
  if (quota_us <= 0 || period_us <= 0 || quota_us > std::numeric_limits<int64_t>::max() / 1000)
    return 0;
  return static_cast<uint64_t>(quota_us * 1000 / period_us);
}

bool plausible_id(std::string_view text) {
  if (text.empty() || text.size() > runtime_bounds::name_bytes || !is_alphanumeric(text.front()))
    return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

std::optional<int64_t> parse_rfc3339(std::string_view text) {
  size_t at = 0;
  const auto date = read_date(text, at);
  if (!date || !(skip(text, at, 'T') || skip(text, at, 't')))
    return std::nullopt;
  const auto seconds = read_seconds_of_day(text, at);
  if (!seconds)
    return std::nullopt;
  const auto fraction = read_fraction(text, at);
  if (!fraction)
    return std::nullopt;
  const auto offset = read_offset(text, at);
  if (!offset)
    return std::nullopt;
  const int64_t unix_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(date->time_since_epoch()).count() + *seconds
      - *offset;
  return unix_seconds * 1'000'000'000 + *fraction;
}

} // namespace troupe
