// SPDX-License-Identifier: Apache-2.0
#pragma once

// The datagrams of one container as conversations. Sockets that send them are never heard to close,
// and may talk to anybody: a conversation is what a socket says to one peer, or what it serves to
// all; it is forgotten when nothing is open in it.

#include "actors/container/l7/connections.hpp"
#include "actors/container/l7/protocols.hpp"
#include "bpf/event.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::l7 {

class datagrams {
public:
  /// Sockets on which somebody waits for an answer. For more, one is given up.
  static constexpr size_t most = 8192;
  /// Peers of one socket of which that is so; the oldest makes room.
  static constexpr size_t peers_most = 64;
  /// A socket that begins with so many that nobody understands is opaque.
  static constexpr uint32_t strange_most = 16;
  /// A server that is silent for so long is forgotten until it is heard again.
  static constexpr uint64_t silent_most_ns = 60'000'000'000;

  explicit datagrams(const std::vector<const protocol*>& spoken = datagram_protocols())
      : spoken_(&spoken) {}

  void take(const l7_chunk& record, std::string_view bytes, observer& out);

  /// What waited too long is told. `now_ns` is the clock of the records.
  void expire(uint64_t now_ns, observer& out);

  /// Takes over what `other` heard.
  void absorb(datagrams&& other);

  [[nodiscard]] size_t size() const { return known_.size(); }

private:
  struct talk {
    connection_ends ends;
    std::unique_ptr<conversation> said;
  };

  struct entry {
    const protocol* spoken = nullptr; ///< null: not clear yet
    bool opaque = false;
    uint32_t strange = 0; ///< that came before it was clear
    uint64_t heard_ns = 0;
    std::vector<talk> talks;
  };

  entry& entry_of(uint64_t socket_cookie, observer& out);
  bool recognise(entry& x, const l7_chunk& record, std::string_view bytes, observer& out);
  static talk* find(entry& x, const connection_ends& ends, std::string_view bytes);
  static talk& talk_of(entry& x, const connection_ends& ends, std::string_view bytes,
                       observer& out);
  static void close(entry& x, observer& out);

  const std::vector<const protocol*>* spoken_;
  std::unordered_map<uint64_t, entry> known_; ///< by socket cookie
};

} // namespace troupe::l7
