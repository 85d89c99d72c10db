// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/prepared_statements.hpp"
#include "messages/l7.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace troupe::l7::mysql {

/// How a command is answered.
enum class answer_kind : uint8_t {
  none,          ///< not at all
  one_packet,    ///< OK, EOF or an error
  text,          ///< one packet of anything
  results,       ///< OK, or result sets
  rows,          ///< of a cursor
  fields,        ///< column definitions up to an EOF
  prepared,      ///< OK with counts, and as many definitions
  authenticates, ///< further questions, and OK
  endless,       ///< the binary log: no conversation any more
};

/// What a client waits for.
struct request {
  l7_exchange exchange;
  answer_kind answered = answer_kind::one_packet;
  bool has_begun = false; ///< its answer
  std::shared_ptr<const sql_statement> prepares;
};

/// May a command's first packet look like this? `payload` is what is there of it.
bool is_command(std::string_view payload, uint32_t length);

/// Makes requests of commands, and knows what was prepared under which number.
class request_maker {
public:
  /// Nothing where no answer comes.
  std::optional<request> take(std::string_view payload, uint32_t length, uint64_t time_ns);

  /// The answer to a prepare gave it a number.
  void on_prepared(uint32_t id, const std::shared_ptr<const sql_statement>& statement);

private:
  using statement = std::shared_ptr<const sql_statement>;

  [[nodiscard]] statement find(std::string_view id) const;

  prepared_statements statements_;
  statement last_prepared_;
};

/// A query without the attributes that MySQL 8's clients may put before it.
std::string_view without_attributes(std::string_view query);

} // namespace troupe::l7::mysql
