// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frames of AMQP 0-9-1, sections 2.3 and 4.2 of its specification.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::rabbitmq {

/// What a client says first; a server that speaks another version answers with its own.
inline constexpr std::string_view protocol_header{"AMQP\x00\x00\x09\x01", 8};

inline constexpr size_t frame_header_bytes = 7;

/// RabbitMQ's frame_max is 128 kB unless set. Where a frame surely begins, it is believed whatever
/// it says.
inline constexpr uint32_t usual_length_max = 1U << 20;

/// RabbitMQ takes no messages that are longer.
inline constexpr uint64_t message_bytes_max = 512U << 20;

enum class frame_type : uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

/// Class and method, as the specification numbers them: class << 16 | method.
enum class method_id : uint32_t {
  connection_close = 10U << 16U | 50U,
  channel_open = 20U << 16U | 10U,
  channel_close = 20U << 16U | 40U,
  channel_close_ok = 20U << 16U | 41U,
  basic_consume = 60U << 16U | 20U,
  basic_publish = 60U << 16U | 40U,
  basic_return = 60U << 16U | 50U,
  basic_deliver = 60U << 16U | 60U,
  basic_get = 60U << 16U | 70U,
  basic_get_ok = 60U << 16U | 71U,
  basic_get_empty = 60U << 16U | 72U,
  basic_ack = 60U << 16U | 80U,
  basic_nack = 60U << 16U | 120U,
  confirm_select = 85U << 16U | 10U,
};

/// "queue.declare"; empty where there is none of this number.
std::string_view name_of(uint32_t method);

struct frame {
  frame_type type = frame_type::method;
  uint16_t channel = 0;
  uint32_t length = 0;      ///< of the payload
  std::string_view payload; ///< what is there of it

  /// With its header and the octet at its end.
  [[nodiscard]] uint64_t size() const { return frame_header_bytes + uint64_t{length} + 1; }
};

/// Nothing where there are fewer bytes than a header has.
std::optional<frame> read_frame(std::string_view bytes);

/// The rules that every frame obeys; also that it ends as it has to, where the end is here.
bool is_lawful(const frame& x, std::string_view bytes);

/// It is a heartbeat, a method that exists, or the header of a message: asked where nothing proves
/// that a frame begins here. Nothing where that takes more bytes.
std::optional<bool> is_unmistakable(const frame& x, std::string_view bytes);

} // namespace troupe::l7::rabbitmq
