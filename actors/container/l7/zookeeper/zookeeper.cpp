// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/zookeeper/zookeeper.hpp"

#include "actors/container/l7/early_answers.hpp"
#include "actors/container/l7/pending_exchanges.hpp"
#include "actors/container/l7/stream_reader.hpp"
#include "actors/container/l7/zookeeper/frame.hpp"
#include "actors/container/l7/zookeeper/interpret.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace troupe::l7 {

namespace zookeeper {
namespace {

// The first request of a connection has no xid.
constexpr uint64_t connect_id = uint64_t{1} << 32;
// Of a frame: the path of a request, the results of a transaction.
constexpr uint64_t needed_max = 512;

uint64_t id_of(int32_t xid) {
  return static_cast<uint32_t>(xid);
}

class zookeeper_conversation final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override {
    early_.refuse_all(out);
    pending_.give_up(out);
  }

private:
  struct direction {
    stream_reader reader;
    bool begun = false;
    bool in_step = true; ///< the next frame begins behind the last one
  };

  bool read_frame(side from, direction& x, sink& out);
  bool is_frame(side from, std::string_view bytes);
  bool understand(side from, std::string_view frame, uint64_t length, uint64_t time_ns, sink& out);
  bool ask(std::string_view frame, uint64_t length, uint64_t time_ns, sink& out);
  bool answer(std::string_view frame, uint64_t length, uint64_t time_ns, sink& out);
  std::optional<l7_exchange> take_answered(uint64_t id, sink& out);

  direction directions_[2]; ///< by side
  pending_exchanges pending_;
  early_answers early_;
};

void zookeeper_conversation::take(side from, const chunk& x, sink& out) {
  auto& spoken = directions_[static_cast<size_t>(from)];
  const bool is_first = !std::exchange(spoken.begun, true);
  if (const auto lost = spoken.reader.take(x); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  if (spoken.reader.is_resumed() || (is_first && x.position > 0))
    spoken.in_step = false;
  while (spoken.reader.has_bytes() && read_frame(from, spoken, out)) {
  }
}

// False where more has to come.
bool zookeeper_conversation::read_frame(side from, direction& x, sink& out) {
  auto& reader = x.reader;
  const auto bytes = reader.bytes();
  if (bytes.size() < length_bytes && !reader.is_cut())
    return false;
  const auto length = bytes.size() < length_bytes ? std::nullopt : frame_length(bytes);
  const auto total = length_bytes + length.value_or(0);
  if (length && bytes.size() < std::min(total, needed_max) && !reader.is_cut())
    return false;
  const auto frame = bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(total, bytes.size())));
  if (!length || (!x.in_step && !is_frame(from, frame))
      || !understand(from, frame, total, reader.time_ns(), out)) {
    const auto reason =
        reader.is_cut() || !x.in_step ? unparsed::not_captured : unparsed::out_of_sync;
    x.in_step = false;
    out.not_understood(reason, reader.resynchronise());
    return false;
  }
  if (const auto lost = reader.pass(total); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  x.in_step = !reader.is_resumed();
  return true;
}

// Whether bytes that follow lost ones are a frame for sure.
bool zookeeper_conversation::is_frame(side from, std::string_view bytes) {
  if (from == side::client)
    return begins_connect(bytes) == match::yes || begins_request(bytes) == match::yes;
  if (bytes.size() < reply_head_bytes)
    return false;
  const auto xid = number32(bytes, length_bytes);
  return xid == xid_watch || xid == xid_ping || pending_.find(id_of(xid)) != nullptr;
}

bool zookeeper_conversation::understand(side from, std::string_view frame, uint64_t length,
                                        uint64_t time_ns, sink& out) {
  return from == side::client ? ask(frame, length, time_ns, out)
                              : answer(frame, length, time_ns, out);
}

bool zookeeper_conversation::ask(std::string_view frame, uint64_t length, uint64_t time_ns,
                                 sink& out) {
  if (frame.size() < request_head_bytes)
    return false;
  const bool is_connect = begins_connect(frame) == match::yes;
  const auto xid = number32(frame, length_bytes);
  if (xid == xid_ping)
    return true;
  if (!is_connect && opcode_name(number32(frame, length_bytes + 4)).empty())
    return false;
  l7_exchange exchange;
  if (is_connect) {
    exchange.protocol = l7_protocol::zookeeper;
    exchange.operation = "connect";
  } else {
    exchange = to_exchange(frame);
  }
  exchange.started_ns = time_ns;
  exchange.request_bytes = length;
  pending_.add(is_connect ? connect_id : id_of(xid), std::move(exchange), out);
  // The answer to the first one has the protocol's version there, which is 0.
  if (const auto early = early_.take(is_connect ? 0 : id_of(xid), time_ns, out))
    answer(early->bytes, early->length, early->time_ns, out);
  return true;
}

// Answers come in the order of the requests: those of older ones went by unseen.
std::optional<l7_exchange> zookeeper_conversation::take_answered(uint64_t id, sink& out) {
  const auto* const found = pending_.find(id);
  if (found == nullptr)
    return std::nullopt;
  while (pending_.first() != found)
    out.exchanged(std::move(*pending_.take_first()));
  return pending_.take_first();
}

bool zookeeper_conversation::answer(std::string_view frame, uint64_t length, uint64_t time_ns,
                                    sink& out) {
  const auto* const connecting = pending_.find(connect_id);
  const bool is_connect = connecting != nullptr && connecting == pending_.first();
  if (frame.size() < (is_connect ? request_head_bytes : reply_head_bytes))
    return false;
  const auto xid = number32(frame, length_bytes);
  if (!is_connect && (xid == xid_ping || xid == xid_watch))
    return true;
  auto exchange = take_answered(is_connect ? connect_id : id_of(xid), out);
  if (!exchange) {
    early_.keep({id_of(xid), time_ns, length, std::string{frame}}, out);
    return true;
  }
  answer_at(*exchange, time_ns);
  exchange->response_bytes = length;
  if (is_connect)
    read_connect_reply(frame, *exchange);
  else
    read_reply(frame, *exchange);
  out.exchanged(std::move(*exchange));
  return true;
}

std::unique_ptr<conversation> converse() {
  return std::make_unique<zookeeper_conversation>();
}

match classify(const opening& begun) {
  if (!begun.in_midstream)
    return begun.client.empty() && !begun.server.empty() ? match::no : begins_connect(begun.client);
  const auto connect = begins_connect(begun.client);
  const auto request = begins_request(begun.client);
  if (connect == match::yes || request == match::yes)
    return match::yes;
  return connect == match::no && request == match::no ? match::no : match::perhaps;
}

} // namespace
} // namespace zookeeper

// Many small requests are written at once, and answered at once (L7_CAPTURE_MAX).
const protocol zookeeper_protocol{l7_protocol::zookeeper, zookeeper::classify, zookeeper::converse,
                                  8192, 8192};

} // namespace troupe::l7
