// SPDX-License-Identifier: Apache-2.0

// A connection as two hostile ends would have it, in the protocol that the target is built for
// (L7_PROTOCOL). The input is a row of chunks: a byte that says who speaks, whether bytes were lost
// before it, whether it was captured in full and whether it is a tail, a byte with its length, and
// its bytes.

#include "actors/container/l7/protocols.hpp"
#include "tests/fuzz/expect.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

using namespace troupe;

namespace {

struct bounded final : l7::sink {
  uint64_t exchanges = 0;
  void exchanged(l7_exchange x) override {
    ++exchanges;
    fuzz::expect(x.operation.size() <= operation_bytes_max, "operation is bounded");
    fuzz::expect(x.detail.size() <= detail_bytes_max, "detail is bounded");
    fuzz::expect(x.protocol != l7_protocol::opaque, "an exchange has a protocol");
  }
  void not_understood(l7::unparsed /*reason*/, uint64_t /*bytes*/) override {}
};

const l7::protocol& spoken() {
  const auto& all = l7::protocols();
  const auto found = std::find_if(all.begin(), all.end(), [](const l7::protocol* x) {
    return to_string(x->name) == L7_PROTOCOL;
  });
  fuzz::expect(found != all.end(), "the protocol is known");
  return **found;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& protocol = spoken();
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto half = input.size() / 2;
  static_cast<void>(
      protocol.classify({input.substr(0, half), input.substr(half), 0, size % 2 == 0}));

  const auto conversation = protocol.converse();
  bounded heard;
  uint64_t position[2] = {};
  uint64_t chunks = 0;
  for (size_t at = 0; at + 2 <= input.size(); ++chunks) {
    const auto flags = static_cast<uint8_t>(input[at]);
    const auto bytes = input.substr(at + 2, static_cast<uint8_t>(input[at + 1]));
    at += 2 + bytes.size();
    auto& where = position[flags & 1];
    where += (flags & 2) != 0 ? flags >> 3 : 0;
    const auto unseen = (flags & 4) != 0 ? uint64_t{flags} * 100 : 0;
    const auto is_tail = protocol.server_tail && (flags & 9) == 9;
    conversation->take(flags % 2 == 0 ? l7::side::client : l7::side::server,
                       {chunks, where, bytes.size() + unseen, bytes, is_tail}, heard);
    where += bytes.size() + unseen;
  }
  conversation->close(heard);
  fuzz::expect(heard.exchanges <= input.size() + chunks, "no more exchanges than bytes");
  return 0;
}
