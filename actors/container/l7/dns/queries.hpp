// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"
#include "actors/container/l7/dns/message.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace troupe::l7::dns {

/// Queries that wait for their answers, which come in any order: by id and question. A query that
/// is repeated is another one. One that is not answered is told all the same, its outcome is
/// unknown: with DNS that is how a server that is gone looks like.
class queries {
public:
  static constexpr size_t most = 1024;
  /// Resolvers give up after 5 seconds as a rule.
  static constexpr uint64_t wait_most_ns = 10'000'000'000;

  /// A message of `size` bytes, as far as it was captured. Who asks and who answers is in it. False
  /// where it is none.
  bool take(std::string_view captured, uint64_t size, uint64_t time_ns, sink& out);

  void close(sink& out);

  /// Tells those that have waited too long.
  void expire(uint64_t now_ns, sink& out);

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  /// Whether one of them is answered by this message.
  [[nodiscard]] bool awaits(std::string_view captured) const;

private:
  struct query {
    uint16_t id = 0;
    dns_question question;
    l7_exchange exchange;
  };

  void ask(dns_message& message, uint64_t size, uint64_t time_ns, sink& out);
  void answer(const dns_message& message, uint64_t size, uint64_t time_ns, sink& out);
  [[nodiscard]] std::deque<query>::const_iterator find(const dns_message& answer) const;
  void tell_first(sink& out);

  std::deque<query> waiting_;
  std::optional<uint16_t> transfer_; ///< id of the zone transfer that was answered last
};

} // namespace troupe::l7::dns
