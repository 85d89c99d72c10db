// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/rabbitmq/interpret.hpp"

#include <cstdint>
#include <deque>
#include <string_view>

namespace troupe::l7::rabbitmq {

/// The frame that answers.
struct answer {
  uint64_t time_ns = 0;
  uint64_t bytes = 0;
};

/// A message on its way: the method that names it, a content header, and bodies.
struct message {
  l7_exchange exchange;
  uint64_t bytes = 0;
  uint64_t body_left = 0;
  uint64_t part_bytes = 0; ///< of the body in its first frame; 0: none came yet
  bool is_open = false;
  bool has_header = false;
  bool is_returned = false; ///< it came back, and is no message of its own
};

/// One channel: what is being published and delivered on it, and what waits to be confirmed.
class channel {
public:
  /// More publishes are not waited for: their outcome is unknown.
  static constexpr size_t unconfirmed_max = 2048;

  /// The client wants confirms from now on.
  void select_confirms() {
    confirms_ = true;
    next_tag_ = 1;
  }

  /// The client asks for a message.
  void get(uint64_t time_ns) { get_at_ns_ = time_ns; }

  /// A method that carries a message.
  void begin(side from, method_id method, std::string_view arguments, uint64_t time_ns,
             uint64_t bytes, sink& out);
  void take_header(side from, std::string_view payload, uint64_t bytes, sink& out);
  void take_body(side from, uint64_t length, uint64_t bytes, sink& out);

  /// Bytes that the frames of the rest of its body have, where all but the last are as long as the
  /// first, as all who write them do it; 0 where none is open.
  [[nodiscard]] uint64_t rest_bytes(side from) const;
  /// They went by.
  void pass_rest(side from, sink& out);

  /// basic.ack or basic.nack of the server.
  void confirm(const confirmation& x, bool is_ack, const answer& by, sink& out);

  /// The server closes the channel, or the connection: what waits has failed. True where
  /// something did.
  bool fail(uint16_t code, const answer& by, sink& out);

  /// Bytes of this side were lost: what is open will not be seen whole. Where publishes may be
  /// among them, confirms cannot be counted any more.
  void lose(side from, sink& out);

  /// What waits is told, with no outcome.
  void give_up(sink& out);

private:
  struct unconfirmed {
    uint64_t tag = 0;
    l7_exchange exchange;
  };

  message& open(side from) { return from == side::client ? published_ : delivered_; }
  [[nodiscard]] const message& open(side from) const {
    return from == side::client ? published_ : delivered_;
  }
  void end(side from, sink& out);
  void mark_returned(const l7_exchange& returned);

  struct early_confirmation {
    confirmation said;
    bool is_ack = false;
    answer by;
  };
  void confirm_newest(sink& out);

  message published_;
  message delivered_;
  std::deque<unconfirmed> unconfirmed_;
  /// Of publishes that we have not heard of: who reads on another thread than he writes may be told
  /// of a confirm first.
  std::deque<early_confirmation> early_;
  static constexpr size_t early_max = 64;
  uint64_t next_tag_ = 0;
  uint64_t get_at_ns_ = 0;
  bool confirms_ = false;
};

} // namespace troupe::l7::rabbitmq
