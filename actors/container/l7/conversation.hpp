// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a protocol is to the rest of troupe. The kernel knows none: it ships the first bytes of
// every send and receive of a socket, and here it is decided what they mean.
//
// A protocol is a folder below this one with three plain parts, each tested and fuzzed alone:
// classify (is it this protocol?), frame (where does a message end?), interpret (what does it
// say?); and a conversation that ties them together for one connection.

#include "bpf/event.h"
#include "messages/l7.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace troupe::l7 {

/// Who says it. The client is who dialled, whichever end we watch.
enum class side : uint8_t { client, server };

/// One send or receive of a socket, in order within its direction.
struct chunk {
  uint64_t time_ns = 0;      ///< CLOCK_BOOTTIME
  uint64_t position = 0;     ///< bytes that this direction had before it
  uint64_t size = 0;         ///< bytes of it
  std::string_view captured; ///< the first of them, perhaps not all; perhaps none
  /// The end of a long send, of which something before was not captured: what is there begins
  /// anywhere. Told where a protocol asks for it.
  bool is_tail = false;
};

/// Why bytes were not understood; a label of troupe_payload_unparsed_bytes_total.
enum class unparsed : uint8_t {
  not_captured, ///< what was needed was cut off, or lost on the way
  out_of_sync,  ///< it makes no sense as this protocol: looked on at the next message that does
  unanswered,   ///< a request without an answer, or an answer without a request
  too_large,    ///< over a bound of ours
};

/// As in metric labels.
std::string_view to_string(unparsed reason);

/// Takes what a conversation yields.
class sink {
public:
  virtual void exchanged(l7_exchange exchange) = 0;
  virtual void not_understood(unparsed reason, uint64_t bytes) = 0;
  /// An answer told that this name has this address; IPv4 mapped into IPv6.
  virtual void resolved(std::string_view /*name*/, const std::array<uint8_t, 16>& /*address*/) {}

protected:
  ~sink() = default;
};

struct protocol;

/// What is understood of one connection. Everything it keeps is bounded: both ends may be hostile.
/// It never guesses: N requests are N exchanges, and what it cannot tell is not_understood.
class conversation {
public:
  virtual ~conversation() = default;

  virtual void take(side from, const chunk& x, sink& out) = 0;

  /// The connection is over: requests without an answer are not_understood.
  virtual void close(sink& out) = 0;

  /// Nothing that follows can be understood: TLS begins, or another protocol after an upgrade.
  /// Nobody captures this connection any more.
  [[nodiscard]] virtual bool is_over() const { return false; }

  /// Nobody waits for an answer, and nothing is half said: what follows could begin a connection.
  /// Where the kernel tells frames apart: a frame begins in both directions.
  [[nodiscard]] virtual bool is_at_rest() const { return false; }

  /// Of datagrams, where nobody knows from whom one came: whether it answers what was asked here.
  [[nodiscard]] virtual bool awaits(std::string_view /*captured*/) const { return false; }

  /// Requests for whose answers nobody can be waiting any more are told without.
  virtual void expire(uint64_t /*now_ns*/, sink& /*out*/) {}

  /// What is spoken by now, where that is not what it began with: HTTP/2 after an upgrade. Null
  /// where nothing changed.
  [[nodiscard]] virtual const protocol* changed_to() const { return nullptr; }
};

enum class match : uint8_t {
  no,
  perhaps, ///< so far; more bytes will tell
  yes,
};

/// The beginning of a connection, as far as it was seen: a few hundred bytes of each side at most.
struct opening {
  std::string_view client;
  std::string_view server;
  uint16_t server_port = 0; ///< a hint between two that both match, never proof
  /// The connection is older than our view of it: neither side begins with its first message.
  bool in_midstream = false;
};

/// A protocol, for the table of all of them.
struct protocol {
  l7_protocol name;
  match (*classify)(const opening& begun);
  std::unique_ptr<conversation> (*converse)();
  /// How much of each chunk its conversation needs, client's and server's.
  uint16_t client_bytes = 0;
  uint16_t server_bytes = 0;
  /// The server says at the end of a long answer how it went: its last 4 KiB are captured, too.
  bool server_tail = false;
  /// The kernel can tell its frames apart (bpf/l7_frames.h), and capture more of what matters.
  bool has_frames = false;
  /// What the kernel can count of it by itself (bpf/l7_turns.h); its conversations know when they
  /// are at rest.
  l7_turn_rule turns = L7_TURNS_NONE;
  /// The shortest request of such a turn, for one that the kernel took in and did not tell.
  std::string_view turn_request{};
  /// What an answer of such a turn means.
  l7_outcome (*outcome_of_turn)(int status) = nullptr;
};

} // namespace troupe::l7
