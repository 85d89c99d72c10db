// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/rabbitmq/frame.hpp"
#include "messages/l7.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::l7::rabbitmq {

/// A method that carries a message: basic.publish, deliver, get-ok; also basic.return.
/// Tells operation, method, subject (the exchange, or of the default one the routing key, which is
/// the queue's name) and detail (the routing key). False where that was not captured.
bool tell_message(method_id method, std::string_view arguments, l7_exchange& told);

/// What a message does that this method would have sent or fetched: "produce" or "consume"; empty
/// where it has to do with none.
std::string_view direction_of(method_id method);

/// What a content header says of the message behind it.
struct content {
  uint64_t body_bytes = 0;
  std::string traceparent; ///< of its headers
};

/// Nothing where its size was not captured.
std::optional<content> read_content_header(std::string_view payload);

/// basic.ack and basic.nack.
struct confirmation {
  uint64_t tag = 0;
  bool is_multiple = false; ///< also all before it; all there are where the tag is 0
};
std::optional<confirmation> read_confirmation(std::string_view arguments);

/// channel.close, connection.close, and basic.return, which begins alike.
struct complaint {
  uint16_t code = 0;
  std::string_view text;
  uint32_t method = 0; ///< which one failed; 0: it does not say
};
std::optional<complaint> read_complaint(std::string_view arguments, bool names_method);

/// 200 is success; all others that exist are 300 and above.
inline bool is_error(uint16_t code) {
  return code >= 300;
}

} // namespace troupe::l7::rabbitmq
