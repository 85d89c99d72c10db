// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mysql/ending.hpp"

#include "actors/container/l7/mysql/frame.hpp"

#include <algorithm>
#include <cstdint>

namespace troupe::l7::mysql {

namespace {

constexpr uint16_t status_more_results = 0x0008;
constexpr int progress_number = 0xffff;
constexpr uint32_t eof_length = 5;
constexpr uint32_t ok_length_min = 7;
constexpr size_t status_bytes = 4; ///< with the number of warnings
constexpr std::string_view begin_of_definition{"\x03"
                                               "def"};

enum class shape : uint8_t {
  other,
  eof,  ///< or the OK that stands for it
  more, ///< likewise, and another result follows
  ok,
  error,
};

bool is_error(std::string_view payload) {
  constexpr size_t behind_state = 9;
  if (payload.size() < behind_state || payload[3] != '#')
    return false;
  const auto number = read_uint(payload, 1, 2);
  const auto state = payload.substr(4, 5);
  return number != 0 && number != progress_number
         && std::all_of(state.begin(), state.end(),
                        [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

shape eof_of(uint64_t status) {
  return (status & status_more_results) != 0 ? shape::more : shape::eof;
}

shape shape_of(std::string_view payload) {
  if (payload.empty())
    return shape::other;
  const auto mark = static_cast<uint8_t>(payload[0]);
  if (mark == 0xff)
    return is_error(payload) ? shape::error : shape::other;
  if (mark == 0xfe && payload.size() == eof_length)
    return eof_of(read_uint(payload, 3, 2));
  if ((mark != 0xfe && mark != 0x00) || payload.size() < ok_length_min)
    return shape::other;
  auto rest = payload.substr(1);
  const auto changed = take_lenenc(rest);
  const auto id = take_lenenc(rest);
  if (!changed.has_value() || !id.has_value() || rest.size() < status_bytes)
    return shape::other;
  if (mark == 0x00)
    return shape::ok;
  return *changed == 0 && *id == 0 ? eof_of(read_uint(rest, 0, 2)) : shape::other;
}

struct packet {
  size_t at = 0;
  uint8_t sequence = 0;
  std::string_view payload;
};

// The shortest packet with which the bytes end that is wanted.
template <class Wanted>
std::optional<packet> last_packet(std::string_view bytes, Wanted wanted) {
  for (size_t size = header_bytes + 1; size <= bytes.size(); ++size) {
    const auto at = bytes.size() - size;
    if (read_uint(bytes, at, 3) != size - header_bytes)
      continue;
    const packet found{at, static_cast<uint8_t>(bytes[at + 3]), bytes.substr(at + header_bytes)};
    if (wanted(found))
      return found;
  }
  return std::nullopt;
}

std::optional<packet> packet_before(std::string_view bytes, const packet& next) {
  const auto sequence = static_cast<uint8_t>(next.sequence - 1);
  return last_packet(bytes.substr(0, next.at),
                     [sequence](const packet& x) { return x.sequence == sequence; });
}

} // namespace

std::optional<ending> find_ending(std::string_view bytes) {
  auto last =
      last_packet(bytes, [](const packet& x) { return shape_of(x.payload) != shape::other; });
  if (!last.has_value())
    return std::nullopt;
  auto before = packet_before(bytes, *last);
  const auto is = shape_of(last->payload);
  if (is == shape::ok) { // What ends a procedure, behind its results.
    if (!before.has_value() || shape_of(before->payload) != shape::more)
      return std::nullopt;
    last = before;
    before = packet_before(bytes, *last);
  }
  const bool follows_row = before.has_value() && !before->payload.starts_with(begin_of_definition);
  return ending{last->at, follows_row, is == shape::more};
}

} // namespace troupe::l7::mysql
