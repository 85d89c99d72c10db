// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks the conntrack of one network namespace, by netlink. Never waits: the kernel has answered
// when the question is sent.

#include "actors/host/conntrack_message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

class conntrack_socket {
public:
  /// In the network namespace that the calling thread is in now. Null, and why not in `error`, when
  /// conntrack cannot be asked there.
  static std::unique_ptr<conntrack_socket> open(std::string& error);

  ~conntrack_socket();
  conntrack_socket(const conntrack_socket&) = delete;
  conntrack_socket& operator=(const conntrack_socket&) = delete;

  /// Flows that are known there; nothing when the kernel does not say, which it may refuse.
  std::optional<uint32_t> count(std::string& error);

  /// Follows each flow to where it goes. False when an answer is missing; then the flows that are
  /// without stay as they are. A flow that is not known there is an answer.
  bool follow(std::span<nat_flow> flows);

private:
  static constexpr size_t batch = 64;
  static constexpr size_t answer_size = 2048; ///< a flow takes a few hundred bytes

  explicit conntrack_socket(int fd);

  bool follow_batch(std::span<nat_flow> flows);
  bool send(std::span<const std::byte> bytes);
  size_t take_answers(std::span<nat_flow> flows, uint32_t first);
  size_t receive(size_t wanted);

  int fd_;
  uint32_t sequence_ = 0;
  std::vector<std::byte> questions_;
  std::vector<std::byte> answers_;
  std::array<size_t, batch> sizes_{};
};

} // namespace troupe
