// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mysql/handshake.hpp"

#include "actors/container/l7/mysql/frame.hpp"

#include <algorithm>

namespace troupe::l7::mysql {

namespace {

constexpr char protocol_version = 10;
constexpr size_t version_max = 64; // "5.5.5-10.11.6-MariaDB-0+deb12u1-log"

} // namespace

bool is_greeting(std::string_view payload) {
  if (payload.empty() || payload[0] != protocol_version)
    return false;
  const auto version = payload.substr(1, std::min(payload.find('\0'), version_max) - 1);
  return std::all_of(version.begin(), version.end(), [](char c) { return c > ' ' && c <= '~'; })
         && (version.empty() || (version[0] >= '0' && version[0] <= '9'))
         && version.size() < version_max - 1;
}

uint32_t capabilities_of_greeting(std::string_view payload) {
  const auto end = payload.find('\0');
  if (end == std::string_view::npos)
    return 0;
  // Behind the version: thread id 4, scramble 8, zero 1, capabilities 2, charset 1, status 2,
  // capabilities 2.
  const auto at = end + 1 + 4 + 8 + 1;
  return static_cast<uint32_t>(read_uint(payload, at, 2) | read_uint(payload, at + 5, 2) << 16);
}

uint32_t capabilities_of_response(std::string_view payload) {
  return static_cast<uint32_t>(read_uint(payload, 0, 4));
}

bool asks_for_tls(uint32_t capabilities, uint32_t payload_length) {
  return (capabilities & capability::ssl) != 0 && payload_length == 32;
}

} // namespace troupe::l7::mysql
