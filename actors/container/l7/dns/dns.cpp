// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dns/dns.hpp"

#include "actors/container/l7/dns/classify.hpp"
#include "actors/container/l7/dns/queries.hpp"
#include "actors/container/l7/stream_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

namespace troupe::l7 {

namespace dns {
namespace {

constexpr size_t length_bytes = 2;
constexpr size_t header_bytes = 12;

class datagrams final : public conversation {
public:
  void take(side /*from*/, const chunk& x, sink& out) override {
    const auto captured = x.captured.substr(0, x.size);
    if (!queries_.take(captured, x.size, x.time_ns, out))
      out.not_understood(captured.size() < x.size ? unparsed::not_captured : unparsed::out_of_sync,
                         x.size);
  }
  void close(sink& out) override { queries_.close(out); }
  [[nodiscard]] bool is_at_rest() const override { return queries_.empty(); }
  [[nodiscard]] bool awaits(std::string_view captured) const override {
    return queries_.awaits(captured);
  }
  void expire(uint64_t now_ns, sink& out) override { queries_.expire(now_ns, out); }

private:
  queries queries_;
};

class stream final : public conversation {
public:
  void take(side from, const chunk& x, sink& out) override;
  void close(sink& out) override { queries_.close(out); }

private:
  struct direction {
    stream_reader reader;
    // The last message was one: the next begins behind it.
    bool in_step = false;
  };
  static bool read_message(direction& x, queries& known, sink& out);

  direction directions_[2]; ///< by side
  queries queries_;
};

void stream::take(side from, const chunk& x, sink& out) {
  auto& spoken = directions_[static_cast<size_t>(from)];
  auto& reader = spoken.reader;
  if (const auto lost = reader.take(x); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  while (reader.has_bytes() && read_message(spoken, queries_, out)) {
  }
}

// False where more of it has to come.
bool stream::read_message(direction& x, queries& known, sink& out) {
  auto& reader = x.reader;
  x.in_step = x.in_step && !reader.is_resumed();
  const auto bytes = reader.bytes();
  if (bytes.size() < length_bytes && !reader.is_cut())
    return false;
  const size_t length = bytes.size() < length_bytes ? 0
                                                    : static_cast<unsigned char>(bytes[0]) * 256U
                                                          + static_cast<unsigned char>(bytes[1]);
  const auto message = bytes.substr(std::min(bytes.size(), length_bytes), length);
  const bool is_odd =
      length < header_bytes || (!x.in_step && begins_framed_message(bytes) == match::no);
  if (!is_odd && message.size() < length && !reader.is_cut())
    return false;
  if (is_odd || !known.take(message, length_bytes + length, reader.time_ns(), out)) {
    const auto reason = message.size() < length ? unparsed::not_captured : unparsed::out_of_sync;
    out.not_understood(reason, reader.resynchronise());
    return false;
  }
  x.in_step = true;
  if (const auto lost = reader.pass(length_bytes + length); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  return true;
}

std::unique_ptr<conversation> converse_in_datagrams() {
  return std::make_unique<datagrams>();
}

std::unique_ptr<conversation> converse_in_stream() {
  return std::make_unique<stream>();
}

} // namespace
} // namespace dns

// A name has 255 bytes; answers with dozens of addresses are common in clusters.
const protocol dns_protocol{l7_protocol::dns, dns::classify_stream, dns::converse_in_stream, 512,
                            1024};
const protocol dns_datagram_protocol{l7_protocol::dns, dns::classify_datagrams,
                                     dns::converse_in_datagrams, 1024, 1024};

} // namespace troupe::l7
