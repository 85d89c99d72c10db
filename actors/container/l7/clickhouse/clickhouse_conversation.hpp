// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/clickhouse/interpret.hpp"
#include "actors/container/l7/clickhouse/packet_walk.hpp"
#include "actors/container/l7/clickhouse/wire.hpp"
#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/in_order.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::clickhouse {

/// A query that waits for the rest of its answer.
struct asked_query {
  l7_exchange exchange;
  bool is_answered = false;  ///< since the client last said something
  bool was_answered = false; ///< at all
  bool is_ending = false;    ///< the exception's code is known, its end is not
};

/// A client asks one query at a time. Blocks of columns have no length: where one cannot be walked
/// over, that direction is out of step until the next thing that is unmistakable. However much was
/// missed, an answer has ended when the next query comes, and it ends with one of two bytes.
class clickhouse_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override;
  [[nodiscard]] bool is_over() const override { return is_over_; }

private:
  /// Who is expected to speak, until both have said Hello.
  enum class phase : uint8_t { client_hello, server_hello, addendum, queries };
  struct direction {
    stream_reader reader;
    chunk_row row;
    packet_walk walk;
    bool in_step = true;
  };

  direction& of(side from) { return directions_[static_cast<size_t>(from)]; }
  void begin(const chunk& x);
  void client_speaks();
  void server_speaks(const chunk& x);
  bool pass(side from, uint64_t length, sink& out);
  void lose(side from, unparsed reason, sink& out);
  void fall_out_of_step(side from, sink& out);
  void count(side from, uint64_t bytes);
  bool read_piece(side from, sink& out);
  bool walk_on(side from, sink& out);
  bool resume(side from, sink& out);
  bool pass_to_answer_end(sink& out);
  bool greet_server(sink& out);
  bool greet_client(sink& out);
  bool add_to_greeting(sink& out);
  bool read_client_packet(sink& out);
  bool read_query_packet(sink& out);
  void ask(const query& x, sink& out);
  void answer_is_over(sink& out);
  bool read_server_packet(sink& out);
  bool read_exception(std::string_view bytes);
  void packet_over(side from, sink& out);
  void settle(l7_outcome outcome, sink& out);
  void settle_by_last_byte(sink& out);
  void refused(std::string_view bytes, sink& out);

  direction directions_[2]; ///< by side
  std::optional<asked_query> asked_;
  phase phase_ = phase::client_hello;
  uint64_t revision_ = 0; ///< 0: not known
  std::optional<bool> compressed_;
  std::optional<uint8_t> last_byte_; ///< of the server, if it was captured
  uint64_t last_size_[2] = {};       ///< of the server's last two chunks, the latest first
  server_packet now_ = server_packet::hello;
  l7_exchange greeting_;
  bool server_spoke_ = false;
  bool is_begun_ = false;
  bool is_over_ = false;
};

} // namespace troupe::l7::clickhouse
