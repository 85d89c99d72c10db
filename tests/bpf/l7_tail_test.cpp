// SPDX-License-Identifier: Apache-2.0
// The ends of sends that are not captured whole.
#include "tests/bpf/l7_watch.hpp"

#include <sys/uio.h>

#include <thread>

using namespace troupe;

namespace {

/// In one call of so many vectors; the other end takes it all meanwhile.
bool send_in_vectors(const tcp_pair& pair, std::string text, size_t count) {
  std::vector<iovec> parts;
  for (size_t i = 0; i < count; ++i) {
    const auto begin = i * text.size() / count;
    const auto end = (i + 1) * text.size() / count;
    parts.push_back({text.data() + begin, end - begin});
  }
  std::thread reader{[&] {
    pair.server.receive_bytes(text.size());
  }};
  const auto sent = writev(pair.client.fd(), parts.data(), static_cast<int>(count));
  reader.join();
  return sent == static_cast<ssize_t>(text.size());
}

l7_verdict with_tail(uint16_t limit) {
  l7_verdict wanted{};
  wanted.bytes[0] = limit;
  wanted.tails = 1;
  return wanted;
}

struct head_and_tail {
  std::string head;
  std::string tail;
  uint64_t size = 0;
};

head_and_tail split(const std::vector<captured_chunk>& chunks) {
  head_and_tail result;
  for (const auto& x : chunks) {
    CHECK(x.record.position == 1 + result.size);
    const auto is_tail = (x.record.flags & L7_TAIL) != 0;
    CHECK((is_tail || result.tail.empty()));
    (is_tail ? result.tail : result.head) += x.bytes;
    result.size += x.record.size;
  }
  return result;
}

} // namespace

TEST_CASE_FIXTURE(l7_watch, "l7 tail: the last 4 KiB of what is longer than what is captured") {
  const auto text = numbered_text(100'000);
  for (const uint16_t limit : {900, 4096, 16384, 32768})
    for (const size_t vectors : {1, 7, 100, 250}) {
      CAPTURE(limit);
      CAPTURE(vectors);
      const auto said = split(sent_decided(with_tail(limit), [&](const tcp_pair& pair) {
        return send_in_vectors(pair, text, vectors);
      }));
      CHECK(said.size == text.size());
      CHECK((said.head == text.substr(0, limit)));
      CHECK((said.tail == text.substr(text.size() - L7_TAIL_BYTES)));
    }
}

TEST_CASE_FIXTURE(l7_watch, "l7 tail: what is as long as both together is captured whole") {
  const uint16_t limit = 1024;
  for (const size_t size : {1024, 1025, 5000, 5120}) {
    CAPTURE(size);
    const auto text = numbered_text(size);
    const auto said = split(sent_decided(
        with_tail(limit), [&](const tcp_pair& pair) { return send_in_vectors(pair, text, 3); }));
    CHECK((said.head == text));
    CHECK(said.tail.empty());
  }
  const auto text = numbered_text(5121);
  const auto said = split(sent_decided(
      with_tail(limit), [&](const tcp_pair& pair) { return send_in_vectors(pair, text, 3); }));
  CHECK((said.head == text.substr(0, limit)));
  CHECK((said.tail == text.substr(1025)));
}

TEST_CASE_FIXTURE(l7_watch, "l7 tail: behind too many vectors it is counted, and not captured") {
  const auto text = numbered_text(100'000);
  const auto said = split(sent_decided(
      with_tail(900), [&](const tcp_pair& pair) { return send_in_vectors(pair, text, 1000); }));
  CHECK(said.size == text.size());
  CHECK((said.head == text.substr(0, 900)));
  CHECK(said.tail.empty());
}

TEST_CASE_FIXTURE(l7_watch, "l7 tail: until it is decided what is wanted there is one, too") {
  const auto text = numbered_text(100'000);
  const auto sent =
      of(run([&](const tcp_pair& pair) { return send_in_vectors(pair, text, 1); }), true, true);
  REQUIRE(sent.size() == 9);
  CHECK((sent.back().record.flags & L7_TAIL) != 0);
  CHECK(sent.back().record.position == text.size() - L7_TAIL_BYTES);
  CHECK(sent.back().bytes == text.substr(text.size() - L7_TAIL_BYTES));
}
