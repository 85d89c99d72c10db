// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/rabbitmq/frame.hpp"

#include "actors/container/l7/byte_cursor.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::l7::rabbitmq {
namespace {

constexpr char frame_end = '\xce';

/// A content header begins with the class, which has messages only if it is basic, and a zero.
constexpr uint32_t content_of_basic = 60U << 16U;

constexpr uint32_t id(uint32_t class_id, uint32_t method) {
  return class_id << 16U | method;
}

using named = std::pair<uint32_t, std::string_view>;
constexpr auto methods = std::to_array<named>({
    {id(10, 10), "connection.start"},
    {id(10, 11), "connection.start-ok"},
    {id(10, 20), "connection.secure"},
    {id(10, 21), "connection.secure-ok"},
    {id(10, 30), "connection.tune"},
    {id(10, 31), "connection.tune-ok"},
    {id(10, 40), "connection.open"},
    {id(10, 41), "connection.open-ok"},
    {id(10, 50), "connection.close"},
    {id(10, 51), "connection.close-ok"},
    {id(10, 60), "connection.blocked"},
    {id(10, 61), "connection.unblocked"},
    {id(10, 70), "connection.update-secret"},
    {id(10, 71), "connection.update-secret-ok"},
    {id(20, 10), "channel.open"},
    {id(20, 11), "channel.open-ok"},
    {id(20, 20), "channel.flow"},
    {id(20, 21), "channel.flow-ok"},
    {id(20, 40), "channel.close"},
    {id(20, 41), "channel.close-ok"},
    {id(40, 10), "exchange.declare"},
    {id(40, 11), "exchange.declare-ok"},
    {id(40, 20), "exchange.delete"},
    {id(40, 21), "exchange.delete-ok"},
    {id(40, 30), "exchange.bind"},
    {id(40, 31), "exchange.bind-ok"},
    {id(40, 40), "exchange.unbind"},
    {id(40, 51), "exchange.unbind-ok"},
    {id(50, 10), "queue.declare"},
    {id(50, 11), "queue.declare-ok"},
    {id(50, 20), "queue.bind"},
    {id(50, 21), "queue.bind-ok"},
    {id(50, 30), "queue.purge"},
    {id(50, 31), "queue.purge-ok"},
    {id(50, 40), "queue.delete"},
    {id(50, 41), "queue.delete-ok"},
    {id(50, 50), "queue.unbind"},
    {id(50, 51), "queue.unbind-ok"},
    {id(60, 10), "basic.qos"},
    {id(60, 11), "basic.qos-ok"},
    {id(60, 20), "basic.consume"},
    {id(60, 21), "basic.consume-ok"},
    {id(60, 30), "basic.cancel"},
    {id(60, 31), "basic.cancel-ok"},
    {id(60, 40), "basic.publish"},
    {id(60, 50), "basic.return"},
    {id(60, 60), "basic.deliver"},
    {id(60, 70), "basic.get"},
    {id(60, 71), "basic.get-ok"},
    {id(60, 72), "basic.get-empty"},
    {id(60, 80), "basic.ack"},
    {id(60, 90), "basic.reject"},
    {id(60, 100), "basic.recover-async"},
    {id(60, 110), "basic.recover"},
    {id(60, 111), "basic.recover-ok"},
    {id(60, 120), "basic.nack"},
    {id(85, 10), "confirm.select"},
    {id(85, 11), "confirm.select-ok"},
    {id(90, 10), "tx.select"},
    {id(90, 11), "tx.select-ok"},
    {id(90, 20), "tx.commit"},
    {id(90, 21), "tx.commit-ok"},
    {id(90, 30), "tx.rollback"},
    {id(90, 31), "tx.rollback-ok"},
    {id(30, 10), "access.request"},
    {id(30, 11), "access.request-ok"},
    {id(110, 10), "dtx.select"},
    {id(110, 11), "dtx.select-ok"},
});

} // namespace

std::string_view name_of(uint32_t method) {
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [method](const named& x) { return x.first == method; });
  return found == methods.end() ? std::string_view{} : found->second;
}

std::optional<frame> read_frame(std::string_view bytes) {
  if (bytes.size() < frame_header_bytes)
    return std::nullopt;
  byte_cursor cursor{bytes};
  frame x;
  x.type = static_cast<frame_type>(cursor.u8());
  x.channel = cursor.u16();
  x.length = cursor.u32();
  x.payload = cursor.rest().substr(0, x.length);
  return x;
}

bool is_lawful(const frame& x, std::string_view bytes) {
  if (bytes.size() >= x.size() && bytes[static_cast<size_t>(x.size()) - 1] != frame_end)
    return false;
  switch (x.type) {
    case frame_type::method:
      return x.length >= 4;
    case frame_type::header:
      return x.channel != 0 && x.length >= 14;
    case frame_type::body:
      return x.channel != 0;
    case frame_type::heartbeat:
      return x.channel == 0 && x.length == 0;
  }
  return false;
}

std::optional<bool> is_unmistakable(const frame& x, std::string_view bytes) {
  if (!is_lawful(x, bytes) || x.length > usual_length_max)
    return false;
  if (x.type == frame_type::heartbeat)
    return bytes.size() >= x.size() ? std::optional{true} : std::nullopt;
  if (x.type == frame_type::body)
    return false;
  if (x.payload.size() < 4)
    return std::nullopt;
  const auto id = byte_cursor{x.payload}.u32();
  return x.type == frame_type::header ? id == content_of_basic : !name_of(id).empty();
}

} // namespace troupe::l7::rabbitmq
