// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/postgres/frame.hpp"
#include "actors/container/l7/prepared_statements.hpp"
#include "messages/l7.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace troupe::l7::postgres {

/// What a client waits for.
struct request {
  enum class kind : uint8_t {
    query,    ///< answered up to ReadyForQuery
    function, ///< likewise
    execute,  ///< of a portal; answered by its completion
    sync,     ///< answered by ReadyForQuery; no exchange
  };
  l7_exchange exchange;
  kind is = kind::query;
  bool has_begun = false; ///< its answer
  /// Of a sync: it follows a Parse that no Execute follows. That is an exchange where it fails.
  bool has_parsed = false;

  [[nodiscard]] bool is_told() const { return is != kind::sync; }
};

/// Makes requests of a client's messages, and knows what was prepared under which name.
class request_maker {
public:
  /// The message as far as it is there; `body` is behind its header. Nothing where nobody waits for
  /// an answer of its own.
  std::optional<request> take(const header& head, std::string_view body, uint64_t time_ns);

  /// What has begun, as a request whose end was not captured.
  request cut_off(uint64_t time_ns);

  /// How much of a message's body says what it is.
  static uint64_t wanted(const header& head);

private:
  using statement = std::shared_ptr<const sql_statement>;

  void parse(std::string_view body, bool is_whole);
  void bind(std::string_view body);
  void forget(std::string_view body);
  [[nodiscard]] statement behind_portal(std::string_view portal) const;
  request make(request::kind kind, const statement& shown);
  request sync();

  prepared_statements statements_;
  prepared_statements portals_;
  statement unnamed_statement_;
  statement unnamed_portal_;
  statement bound_;  ///< last
  statement parsed_; ///< since the last Execute
  bool has_parsed_ = false;
  uint64_t began_ns_ = 0; ///< the first message of the next Execute: its Parse, or its Bind
  uint64_t bytes_ = 0;    ///< since then
};

} // namespace troupe::l7::postgres
