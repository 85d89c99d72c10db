// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/rabbitmq/rabbitmq.hpp"

#include "actors/container/l7/byte_cursor.hpp"
#include "actors/container/l7/rabbitmq/channel.hpp"
#include "actors/container/l7/rabbitmq/classify.hpp"
#include "actors/container/l7/rabbitmq/frame.hpp"
#include "actors/container/l7/rabbitmq/interpret.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace troupe::l7 {
namespace {

using namespace rabbitmq;

/// What is said on more than these is not looked at. RabbitMQ's channel_max is 2047 unless set.
constexpr size_t channels_max = 2048;

constexpr size_t slice_bytes = stream_reader::buffer_max / 2;

class rabbitmq_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override;

private:
  struct direction {
    stream_reader reader;
    bool is_begun = false;
    uint64_t expected = 0;     ///< position of the next chunk
    uint16_t last_channel = 0; ///< of the last frame
    bool is_reckoned = false;  ///< where the next frame begins follows from the body's length
  };

  void take_slice(side from, direction& d, const chunk& x, sink& out);
  bool pass_header(direction& d);
  bool find_frame(side from, direction& d, sink& out);
  bool pass_body(side from, direction& d, uint64_t gone, sink& out);
  void lose_place(side from, sink& out);
  void read(side from, const frame& x, uint64_t time_ns, sink& out);
  void read_method(side from, const frame& x, uint64_t time_ns, sink& out);
  void read_close(const frame& x, std::string_view arguments, uint64_t time_ns, sink& out);
  channel* find(uint16_t number);

  direction client_;
  direction server_;
  std::unordered_map<uint16_t, channel> channels_;
};

void rabbitmq_conversation::take(side from, const chunk& x, sink& out) {
  auto& d = from == side::client ? client_ : server_;
  auto rest = x;
  while (rest.size > 0) { // What is captured may be more than the reader keeps at a time.
    auto part = rest;
    if (rest.captured.size() > slice_bytes) {
      part.captured = rest.captured.substr(0, slice_bytes);
      part.size = slice_bytes;
    }
    rest.captured.remove_prefix(part.captured.size());
    rest.position += part.size;
    rest.size -= std::min(part.size, rest.size);
    take_slice(from, d, part, out);
  }
}

void rabbitmq_conversation::take_slice(side from, direction& d, const chunk& x, sink& out) {
  const bool follows = x.position == std::exchange(d.expected, x.position + x.size);
  auto lost = d.reader.take(x);
  if (d.reader.is_resumed()) {
    if (follows && pass_body(from, d, lost, out))
      lost = 0;
    else
      lose_place(from, out);
  }
  while (d.reader.has_bytes() && !pass_header(d)) {
    if ((!d.is_begun || d.is_reckoned || d.reader.is_resumed()) && !find_frame(from, d, out))
      break;
    const auto bytes = d.reader.bytes();
    const auto x_frame = read_frame(bytes);
    // Of a body only its length matters.
    const auto needed = !x_frame || x_frame->type == frame_type::body
                            ? frame_header_bytes
                            : std::min<uint64_t>(x_frame->size(), slice_bytes);
    if (bytes.size() < needed && !d.reader.is_cut())
      break;
    if (!x_frame || !is_lawful(*x_frame, bytes)) {
      out.not_understood(x_frame ? unparsed::out_of_sync : unparsed::not_captured,
                         d.reader.resynchronise());
      lose_place(from, out);
      break;
    }
    d.is_begun = true;
    d.last_channel = x_frame->channel;
    read(from, *x_frame, d.reader.time_ns(), out);
    const auto gone = d.reader.pass(x_frame->size());
    if (d.reader.is_resumed() && !pass_body(from, d, gone, out)) {
      lost += gone;
      lose_place(from, out);
    }
  }
  if (lost > 0)
    out.not_understood(unparsed::not_captured, lost);
}

/// True where more bytes are needed, or nothing is left.
bool rabbitmq_conversation::pass_header(direction& d) {
  const auto bytes = d.reader.bytes();
  if (d.is_begun || !protocol_header.starts_with(bytes.substr(0, protocol_header.size())))
    return false;
  if (bytes.size() < protocol_header.size())
    return !d.reader.is_cut();
  d.reader.pass(protocol_header.size());
  d.is_begun = true;
  return !d.reader.has_bytes();
}

/// Of a big message only the beginning of each chunk is captured, and the frames of its body begin
/// anywhere: but how long they are together is known. `gone` bytes behind the last one were not
/// captured. False where there is more in them than this body.
bool rabbitmq_conversation::pass_body(side from, direction& d, uint64_t gone, sink& out) {
  const auto on = channels_.find(d.last_channel);
  const auto rest = on == channels_.end() ? 0 : on->second.rest_bytes(from);
  if (rest == 0 || rest < gone)
    return false;
  on->second.pass_rest(from, out);
  d.reader.pass(rest - gone);
  d.is_reckoned = true;
  return true;
}

/// Passes what is no frame. False where none begins in what is there.
bool rabbitmq_conversation::find_frame(side from, direction& d, sink& out) {
  const auto bytes = d.reader.bytes();
  const bool is_reckoned = d.is_reckoned;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto here = bytes.substr(i);
    const auto x = read_frame(here);
    const auto is_one = x ? is_unmistakable(*x, here) : std::nullopt;
    if (!is_one && i == 0 && !d.reader.is_cut())
      return false; // More bytes will tell.
    if (!is_one || !*is_one)
      continue;
    d.is_reckoned = false;
    if (i == 0)
      return true;
    out.not_understood(unparsed::out_of_sync, i + d.reader.pass(i));
    if (is_reckoned)
      lose_place(from, out);
    return true;
  }
  out.not_understood(unparsed::out_of_sync, d.reader.resynchronise());
  d.is_reckoned = false;
  if (is_reckoned)
    lose_place(from, out);
  return false;
}

void rabbitmq_conversation::lose_place(side from, sink& out) {
  for (auto& [number, x] : channels_)
    x.lose(from, out);
}

channel* rabbitmq_conversation::find(uint16_t number) {
  const auto found = channels_.find(number);
  if (found != channels_.end())
    return &found->second;
  return channels_.size() < channels_max ? &channels_[number] : nullptr;
}

void rabbitmq_conversation::read(side from, const frame& x, uint64_t time_ns, sink& out) {
  if (x.type == frame_type::method)
    return read_method(from, x, time_ns, out);
  if (x.type == frame_type::heartbeat)
    return;
  auto* on = find(x.channel);
  if (on == nullptr)
    return out.not_understood(unparsed::too_large, x.size());
  if (x.type == frame_type::header)
    on->take_header(from, x.payload, x.size(), out);
  else
    on->take_body(from, x.length, x.size(), out);
}

void rabbitmq_conversation::read_method(side from, const frame& x, uint64_t time_ns, sink& out) {
  byte_cursor cursor{x.payload};
  const auto id = static_cast<method_id>(cursor.u32());
  const auto arguments = cursor.rest();
  if (id == method_id::connection_close || id == method_id::channel_close) {
    if (from == side::server)
      read_close(x, arguments, time_ns, out);
    return;
  }
  auto* on = x.channel == 0 ? nullptr : find(x.channel);
  if (on == nullptr)
    return;
  if (id == method_id::channel_close_ok
      || (id == method_id::channel_open && from == side::client)) {
    on->give_up(out);
    channels_.erase(x.channel);
  } else if (from == side::client) {
    if (id == method_id::basic_publish)
      on->begin(from, id, arguments, time_ns, x.size(), out);
    else if (id == method_id::basic_get)
      on->get(time_ns);
    else if (id == method_id::confirm_select)
      on->select_confirms();
  } else if (id == method_id::basic_deliver || id == method_id::basic_get_ok
             || id == method_id::basic_return) {
    on->begin(from, id, arguments, time_ns, x.size(), out);
  } else if (id == method_id::basic_get_empty) {
    on->get(0);
  } else if (id == method_id::basic_ack || id == method_id::basic_nack) {
    if (const auto said = read_confirmation(arguments))
      on->confirm(*said, id == method_id::basic_ack, {time_ns, x.size()}, out);
  }
}

/// The server found fault with a method of the client.
void rabbitmq_conversation::read_close(const frame& x, std::string_view arguments, uint64_t time_ns,
                                       sink& out) {
  const auto said = read_complaint(arguments, true);
  if (!said || !is_error(said->code))
    return;
  bool is_told = false;
  for (auto& [number, on] : channels_)
    if (x.channel == 0 || number == x.channel)
      is_told = on.fail(said->code, {time_ns, x.size()}, out) || is_told;
  if (is_told && said->method == static_cast<uint32_t>(method_id::basic_publish))
    return;
  l7_exchange exchange;
  exchange.protocol = l7_protocol::rabbitmq;
  exchange.operation = name_of(said->method);
  if (exchange.operation.empty())
    exchange.operation = x.channel == 0 ? "connection" : "channel";
  exchange.method = direction_of(static_cast<method_id>(said->method));
  exchange.detail = said->text;
  exchange.status = said->code;
  exchange.outcome = l7_outcome::failed;
  exchange.started_ns = time_ns;
  exchange.response_bytes = x.size();
  out.exchanged(std::move(exchange));
}

void rabbitmq_conversation::close(sink& out) {
  for (auto& [number, x] : channels_)
    x.give_up(out);
  channels_.clear();
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<rabbitmq_conversation>();
}

} // namespace

// Messages are small, and many share a send: all of their frames' headers are needed.
const protocol rabbitmq_protocol{l7_protocol::rabbitmq, classify, converse, 32768, 32768};

} // namespace troupe::l7
