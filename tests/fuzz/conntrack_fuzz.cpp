// SPDX-License-Identifier: Apache-2.0
// What ctnetlink answers: a flow, or how many there are.

#include "actors/host/conntrack_message.hpp"
#include "tests/fuzz/expect.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view payload{reinterpret_cast<const char*>(data), size};
  static_cast<void>(decode_conntrack_count(payload));
  const auto entry = decode_conntrack(payload);
  if (!entry)
    return 0;
  const auto next = translated(entry->original, *entry);
  fuzz::expect(next.destination == entry->reply.source, "it goes where its replies come from");
  fuzz::expect(next.source == entry->reply.destination, "and comes from where they go");
  alignas(8) std::array<std::byte, conntrack_question_size> room{};
  fuzz::expect(put_conntrack_question(room, entry->original, 1) <= room.size(),
               "a question has room");
  return 0;
}
