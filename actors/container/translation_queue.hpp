// SPDX-License-Identifier: Apache-2.0
#pragma once

// Connections that wait to be told where they really go, with the records that came meanwhile.
//
// What a series is called must be known before its first count: a count cannot be moved from one
// series to another without the first one falling. So a connection's records wait, mostly for less
// than the reader's next drain, and then count as if they had come now.

#include "actors/container/destination.hpp"
#include "bpf/event.h"
#include "messages/nat.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

/// Which destinations are worth a question. Where dozens of connections to one went there within a
/// second, the next one will, too: a busy container asks for dozens, not for thousands. A rule that
/// comes is seen a second later at most, and at once by those that dial less.
class destination_tally {
public:
  static constexpr uint32_t asked_enough = 64;
  static constexpr size_t destinations_max = 1024;

  [[nodiscard]] bool is_worth_asking(const endpoint& dialled, uint64_t now_ns);
  void answered(const endpoint& dialled, bool translated);

private:
  struct tally {
    uint64_t second = 0;
    uint32_t asked = 0;
    uint32_t direct = 0;
    bool translated = false;
    bool was_direct = false; ///< in the second before
    [[nodiscard]] bool is_direct() const { return direct >= asked_enough && !translated; }
  };
  struct hash {
    size_t operator()(const endpoint& x) const { return hash_of(x); }
  };
  std::unordered_map<endpoint, tally, hash> known_;
};

class translation_queue {
public:
  /// Connections that wait at once; those beyond go where they say.
  static constexpr size_t waiting_max = 16384;
  /// Of their records.
  static constexpr size_t bytes_max = 4U << 20;
  /// In one message.
  static constexpr size_t questions_max = 4096;

  struct waiting {
    nat_question question;
    std::string comm; ///< its process may be gone when the answer comes
    std::vector<std::byte> records;
    uint64_t number = 0;              ///< a socket may be connected again while it waits
    std::optional<nat_answer> answer; ///< when it is over: where it goes, if not as it says
  };

  /// Whether anybody can be asked. While nobody can, nothing new waits.
  void open(bool is_open) { open_ = is_open; }
  [[nodiscard]] bool is_open() const { return open_; }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] size_t size() const { return waiting_.size(); }
  [[nodiscard]] bool has(uint64_t cookie) const {
    return !waiting_.empty() && waiting_.contains(cookie);
  }

  /// Whether what waits under this cookie is a connection with these ends.
  [[nodiscard]] bool is_about(uint64_t cookie, const tcp_endpoint_pair& ends) const;

  /// A connection begins to wait; false when it is not asked for.
  bool begin(const nat_question& question, std::string_view comm, uint64_t now_ns);
  /// One more record of a connection that waits. False when there is no more room: it waits no
  /// longer, and `release` gives what was kept.
  bool keep(uint64_t cookie, std::span<const std::byte> record);

  /// What is to be asked next; nothing while an answer is awaited, or where there is no question.
  [[nodiscard]] std::optional<nat_questions> next_questions();
  /// Nobody waits for that answer any more: those that were asked for.
  [[nodiscard]] std::vector<waiting> answered(const nat_answers& answers);
  [[nodiscard]] std::vector<waiting> unanswered();
  /// One of them, or all.
  [[nodiscard]] std::optional<waiting> release(uint64_t cookie);
  [[nodiscard]] std::vector<waiting> release_all();

  /// Takes over those that wait in another; they are asked for again.
  void absorb(translation_queue&& other);

  [[nodiscard]] const nat_counts& counts() const { return counts_; }

private:
  struct ticket {
    uint64_t cookie = 0;
    uint64_t number = 0;
  };
  waiting* find(const ticket& x);
  std::vector<waiting> take_asked();

  bool open_ = false;
  std::unordered_map<uint64_t, waiting> waiting_; ///< by socket cookie
  std::vector<ticket> to_ask_;
  std::vector<ticket> asked_; ///< in the message whose answer is awaited
  uint64_t last_number_ = 0;
  size_t bytes_ = 0;
  destination_tally tally_;
  nat_counts counts_;
};

} // namespace troupe
