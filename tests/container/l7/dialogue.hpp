// SPDX-License-Identifier: Apache-2.0
#pragma once

// A conversation as a test writes it: who said what, in order, however it was cut into chunks.

#include "actors/container/l7/conversation.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::l7 {

struct line {
  side from;
  std::string bytes;
};

inline line client(std::string bytes) {
  return {side::client, std::move(bytes)};
}
inline line server(std::string bytes) {
  return {side::server, std::move(bytes)};
}

/// What came of it. Bytes that were not understood are summed by reason.
struct outcome final : sink {
  std::vector<l7_exchange> exchanges;
  uint64_t lost[4] = {};

  void exchanged(l7_exchange exchange) override { exchanges.push_back(std::move(exchange)); }
  void not_understood(unparsed reason, uint64_t bytes) override {
    lost[static_cast<size_t>(reason)] += bytes;
  }
  [[nodiscard]] uint64_t lost_bytes() const { return lost[0] + lost[1] + lost[2] + lost[3]; }

  /// "GET /cart -> 200 ok": operation, status and outcome of each exchange.
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> result;
    for (const auto& x : exchanges)
      result.push_back(x.operation + " -> " + std::to_string(x.status) + " "
                       + std::string{to_string(x.outcome)});
    return result;
  }
};

/// Gives lines to a conversation, in chunks of its own making. Time is 1 ms a line.
class dialogue {
public:
  explicit dialogue(const protocol& spoken) : spoken_(spoken), conversation_(spoken.converse()) {}

  /// The bytes in one chunk each, or in chunks of at most `size` bytes.
  void say(const std::vector<line>& lines, size_t size = SIZE_MAX) {
    for (const auto& x : lines) {
      now_ += 1'000'000;
      for (size_t at = 0; at < x.bytes.size(); at += size)
        give(x.from, std::string_view{x.bytes}.substr(at, size));
    }
  }

  /// The same in chunks of random sizes.
  void say_randomly(const std::vector<line>& lines, uint32_t seed) {
    std::mt19937 random{seed};
    for (const auto& x : lines) {
      now_ += 1'000'000;
      for (size_t at = 0; at < x.bytes.size();) {
        const auto size = std::uniform_int_distribution<size_t>{1, 40}(random);
        give(x.from, std::string_view{x.bytes}.substr(at, size));
        at += size;
      }
    }
  }

  /// A chunk of which only so much was captured.
  void say_cut(const line& x, size_t captured) {
    now_ += 1'000'000;
    give(x.from, x.bytes, captured);
  }

  /// What the server says in one send, of which only the beginning and the end are captured.
  void say_with_tail(std::string_view bytes, size_t captured, size_t tail) {
    now_ += 1'000'000;
    auto& position = position_[static_cast<size_t>(side::server)];
    const auto head = bytes.size() - tail;
    conversation_->take(side::server, {now_, position, head, bytes.substr(0, captured)}, heard);
    conversation_->take(side::server, {now_, position + head, tail, bytes.substr(head), true},
                        heard);
    position += bytes.size();
  }

  /// Bytes that were lost on the way to us.
  void lose(side from, uint64_t bytes) { position_[static_cast<size_t>(from)] += bytes; }

  void close() { conversation_->close(heard); }

  outcome heard;

private:
  void give(side from, std::string_view bytes, size_t captured = SIZE_MAX) {
    const size_t most = from == side::client ? spoken_.client_bytes : spoken_.server_bytes;
    auto& position = position_[static_cast<size_t>(from)];
    const chunk x{now_, position, bytes.size(), bytes.substr(0, std::min(most, captured))};
    position += bytes.size();
    conversation_->take(from, x, heard);
  }

  const protocol& spoken_;
  std::unique_ptr<conversation> conversation_;
  uint64_t position_[2] = {};
  uint64_t now_ = 0;
};

/// What comes of the lines, however they are cut: whole, byte by byte, and at random. Calls
/// check(outcome) for each.
template <class Check>
void however_cut(const protocol& spoken, const std::vector<line>& lines, Check check) {
  for (const size_t size : {SIZE_MAX, size_t{1}, size_t{7}}) {
    dialogue x{spoken};
    x.say(lines, size);
    x.close();
    check(x.heard);
  }
  for (uint32_t seed = 0; seed < 20; ++seed) {
    dialogue x{spoken};
    x.say_randomly(lines, seed);
    x.close();
    check(x.heard);
  }
}

} // namespace troupe::l7
