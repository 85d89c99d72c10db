// SPDX-License-Identifier: Apache-2.0

#include "actors/registry/pod_name.hpp"

#include <algorithm>

namespace troupe {

namespace {

bool is_safe(char c) {
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  return alphabet.find(c) != alphabet.npos;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_random_suffix(std::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(), is_safe);
}

/// The controller writes a 32-bit hash in decimal and maps each digit into the safe alphabet: what
/// comes out is some of "456789bcdf". Old ones are plain hexadecimal. Short ones do not occur in
/// practice, and "db" or "cafe" are more often a part of somebody's name.
bool is_template_hash(std::string_view text) {
  const auto is_hex = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
  };
  return text.size() >= 6 && text.size() <= 10 && std::all_of(text.begin(), text.end(), is_hex)
         && std::any_of(text.begin(), text.end(), is_digit);
}

bool is_scheduled_time(std::string_view text) {
  return text.size() >= 8 && text.size() <= 10 && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_ordinal(std::string_view text) {
  return !text.empty() && text.size() <= 6 && std::all_of(text.begin(), text.end(), is_digit);
}

struct parts {
  std::string_view name;
  std::string_view last;
};

/// Splits at the last dash; name is empty when there is none.
parts split_last(std::string_view text) {
  const auto dash = text.rfind('-');
  if (dash == text.npos || dash == 0)
    return {{}, text};
  return {text.substr(0, dash), text.substr(dash + 1)};
}

} // namespace

pod_owner owner_of_pod(std::string_view pod) {
  const auto [rest, last] = split_last(pod);
  if (rest.empty())
    return {};
  if (is_random_suffix(last)) {
    const auto [name, middle] = split_last(rest);
    // A scheduled time in minutes or seconds may consist of safe digits only, so it goes first.
    if (!name.empty() && is_scheduled_time(middle))
      return {workload_kind::cron_job, std::string{name}};
    if (!name.empty() && is_template_hash(middle))
      return {workload_kind::deployment, std::string{name}};
    return {workload_kind::daemon_set, std::string{rest}};
  }
  if (is_ordinal(last))
    return {workload_kind::stateful_set, std::string{rest}};
  return {};
}

} // namespace troupe
