// SPDX-License-Identifier: Apache-2.0
#pragma once

// The connections of one container as conversations: what each of them speaks, and what was said.

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/protocols.hpp"
#include "bpf/event.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::l7 {

/// Whose exchange it is, in terms of the connection.
struct connection_ends {
  uint64_t socket_cookie = 0;
  uint32_t pid = 0;
  uint64_t start_boottime_ns = 0;
  bool outbound = false; ///< the container dialled: it is the client
  tcp_endpoint_pair endpoints{};
  uint32_t name = 0; ///< that DNS had told for the other end when it was dialled; 0: none
};

/// Turns that the kernel has counted by itself since it told last.
struct turn_counts {
  struct answered {
    int status = 0;
    l7_outcome outcome = l7_outcome::unknown;
    uint32_t count = 0;
  };
  std::array<answered, L7_TURN_STATUSES> answers;
  std::array<uint32_t, L7_TURN_BUCKETS> durations{}; ///< by bucket of L7_TURN_BOUNDS
  uint64_t duration_sum_ns = 0;
};

/// What comes out of connections.
class observer {
public:
  /// Somebody is heard of for the first time. A name may be put in.
  virtual void met(connection_ends& /*ends*/) {}
  /// An answer told that this name has this address.
  virtual void resolved(const connection_ends& /*ends*/, std::string_view /*name*/,
                        const std::array<uint8_t, 16>& /*address*/) {}
  /// Nothing is known any more of a socket of which something was decided.
  virtual void forgotten(uint64_t /*socket_cookie*/) {}
  virtual void exchanged(const connection_ends& ends, l7_exchange exchange) = 0;
  /// Bytes of a protocol that were not understood.
  virtual void not_understood(l7_protocol protocol, unparsed reason, uint64_t bytes) = 0;
  /// Bytes of a protocol that were captured.
  virtual void captured(l7_protocol protocol, uint64_t bytes) = 0;
  /// How much of this connection is to be captured from now on.
  virtual void decided(uint64_t socket_cookie, const l7_verdict& verdict) = 0;
  virtual void turned(const connection_ends& ends, l7_protocol protocol,
                      const turn_counts& turns) = 0;

protected:
  ~observer() = default;
};

/// Passes on what a conversation yields, with what only the connection knows.
class labelled_sink final : public sink {
public:
  labelled_sink(const connection_ends& ends, l7_protocol spoken, observer& out)
      : ends_(ends), spoken_(spoken), out_(out) {}

  void exchanged(l7_exchange exchange) override { out_.exchanged(ends_, std::move(exchange)); }
  void not_understood(unparsed reason, uint64_t bytes) override {
    if (bytes > 0)
      out_.not_understood(spoken_, reason, bytes);
  }
  void resolved(std::string_view name, const std::array<uint8_t, 16>& address) override {
    out_.resolved(ends_, name, address);
  }

private:
  const connection_ends& ends_;
  l7_protocol spoken_;
  observer& out_;
};

class connections {
public:
  /// Those beyond are opaque.
  static constexpr size_t most = 16384;
  /// What may be seen of each side before it has to be clear what is spoken.
  static constexpr size_t opening_bytes_max = 1024;
  static constexpr size_t opening_chunks_max = 64;

  /// What speaks a protocol of `off` (a bit for each, by its number) is opaque.
  explicit connections(const std::vector<const protocol*>& spoken = protocols(), uint32_t off = 0)
      : spoken_(&spoken), off_(off) {}

  void take(const l7_chunk& record, std::string_view bytes, observer& out);
  /// What the kernel counted by itself, where we let it.
  void turned(const l7_turns& record, observer& out);
  /// False when it was not known.
  bool closed(uint64_t socket_cookie, observer& out);

  /// Takes over connections that `other` saw; of one that both saw, what came first was there.
  void absorb(connections&& other);

  [[nodiscard]] size_t size() const { return known_.size(); }

private:
  struct kept_chunk {
    side from;
    chunk content; ///< `captured` is in `bytes`
    std::string bytes;
  };

  struct entry {
    connection_ends ends;
    bool opaque = false;
    const protocol* spoken = nullptr; ///< null: not clear yet
    std::unique_ptr<conversation> talk;
    bool midstream = false;
    std::string opening[2]; ///< by side
    std::vector<kept_chunk> kept;
    uint64_t said_bytes[2] = {}; ///< by side: where the next chunk begins
    uint32_t rests = 0;          ///< since the kernel was last asked to count by itself
    uint32_t rests_needed = 1;   ///< before it is asked again
    l7_turns told{};             ///< what it has counted so far
  };
  /// Each time that the kernel is asked to count and gives up again costs more than it saves.
  static constexpr uint32_t rests_needed_most = 1024;
  static constexpr uint32_t turns_worth_asking = 64;

  [[nodiscard]] bool is_off(const protocol& x) const {
    return (off_ >> static_cast<unsigned>(x.name) & 1U) != 0;
  }
  void listen(entry& x, side from, const chunk& told, observer& out);
  void guess(entry& x, observer& out);
  void give_up(entry& x, observer& out);
  void begin(entry& x, const protocol& found, observer& out);
  void resume(entry& x, const l7_chunk& record, observer& out);
  void tell_rest(entry& x, observer& out);
  bool is_counted_by(uint8_t rule, entry& x, observer& out);

  const std::vector<const protocol*>* spoken_;
  uint32_t off_ = 0;
  std::unordered_map<uint64_t, entry> known_; ///< by socket cookie
};

} // namespace troupe::l7
