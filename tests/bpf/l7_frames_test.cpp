// SPDX-License-Identifier: Apache-2.0
// Of HTTP/2 all is captured but the payload of data, however long a send or receive is.
#include "tests/bpf/l7_watch.hpp"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <random>
#include <thread>

using namespace troupe;

namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr uint8_t data = 0;
constexpr uint8_t headers = 1;
constexpr uint8_t settings = 4;
constexpr uint8_t window_update = 8;

/// What one end says, and which bytes of it somebody needs.
struct script {
  std::string bytes;
  std::vector<bool> needed;

  script& say(std::string_view said, bool is_needed = true) {
    bytes += said;
    needed.insert(needed.end(), said.size(), is_needed);
    return *this;
  }
  script& frame(uint8_t type, size_t length, uint8_t stream) {
    std::string header(9, '\0');
    header[0] = static_cast<char>(length >> 16);
    header[1] = static_cast<char>(length >> 8);
    header[2] = static_cast<char>(length);
    header[3] = static_cast<char>(type);
    header[8] = static_cast<char>(stream);
    say(header);
    return say(numbered_text(length), type != data);
  }
};

script opening() {
  return script{}.say(preface).frame(settings, 0, 0);
}

/// Sends it in one call each, of several vectors.
bool send_in_vectors(int fd, std::string text, size_t count) {
  std::vector<iovec> parts;
  for (size_t i = 0; i < count; ++i) {
    const auto begin = i * text.size() / count;
    const auto end = (i + 1) * text.size() / count;
    parts.push_back({text.data() + begin, end - begin});
  }
  return writev(fd, parts.data(), static_cast<int>(count)) == static_cast<ssize_t>(text.size());
}

/// Receives it all, at most so much at a time; large ones wait until it is there.
void receive_in_steps(int fd, size_t all, size_t step) {
  std::string buffer(step, '\0');
  for (size_t got = 0; got < all;) {
    const auto n = recv(fd, buffer.data(), std::min(step, all - got), MSG_WAITALL);
    if (n <= 0)
      return;
    got += static_cast<size_t>(n);
  }
}

/// Every byte that is needed was captured, as it was said; and how many records that took.
void check_heard(const std::vector<captured_chunk>& chunks, const script& said) {
  std::vector<bool> heard(said.bytes.size());
  uint64_t position = 0;
  for (const auto& x : chunks) {
    REQUIRE(x.record.position == position);
    position += x.record.size;
    REQUIRE(position <= said.bytes.size());
    CHECK((x.bytes == said.bytes.substr(x.record.position, x.bytes.size())));
    CHECK((x.record.flags & L7_TAIL) == 0);
    for (size_t i = 0; i < x.bytes.size(); ++i)
      heard[x.record.position + i] = true;
  }
  CHECK(position == said.bytes.size());
  size_t missing = 0;
  for (size_t i = 0; i < heard.size(); ++i)
    missing += said.needed[i] && !heard[i] ? 1 : 0;
  CHECK(missing == 0);
}

uint64_t captured_bytes(const std::vector<captured_chunk>& chunks) {
  uint64_t sum = 0;
  for (const auto& x : chunks)
    sum += x.bytes.size();
  return sum;
}

struct frames_watch : l7_watch {
  /// The client says it in sends of so many bytes, of so many vectors; the server takes it.
  std::vector<captured_chunk> say(const script& said, size_t sends, size_t vectors, size_t step) {
    return run([&](const tcp_pair& pair) {
      std::thread reader{[&] {
        receive_in_steps(pair.server.fd(), said.bytes.size(), step);
      }};
      bool good = true;
      for (size_t at = 0; at < said.bytes.size(); at += sends)
        good = good && send_in_vectors(pair.client.fd(), said.bytes.substr(at, sends), vectors);
      reader.join();
      return good;
    });
  }
};

} // namespace

TEST_CASE_FIXTURE(frames_watch, "l7 frames: what comes behind much data is captured, data is not") {
  auto said = opening().frame(headers, 20, 1);
  for (int i = 0; i < 20; ++i)
    said.frame(data, 16384, 1);
  said.frame(headers, 10, 1);
  SUBCASE("in one send and one receive") {
    const auto chunks = say(said, said.bytes.size(), 1, said.bytes.size());
    check_heard(of(chunks, true, true), said);
    check_heard(of(chunks, false, false), said);
    // The preface and what is before the first data; of each data its header; what comes last.
    CHECK(of(chunks, true, true).size() == 21);
    CHECK(captured_bytes(of(chunks, true, true)) == 24 + 9 + 29 + 20 * 9 + 19);
  }
  SUBCASE("in many vectors") {
    for (const size_t vectors : {2, 50, 250}) {
      const auto chunks = say(said, said.bytes.size(), vectors, said.bytes.size());
      check_heard(of(chunks, true, true), said);
    }
  }
  SUBCASE("cut anywhere") {
    for (const size_t step : {777, 4096, 40'000}) {
      const auto chunks = say(said, 100'001, 1, step);
      check_heard(of(chunks, true, true), said);
      check_heard(of(chunks, false, false), said);
    }
  }
}

TEST_CASE_FIXTURE(frames_watch, "l7 frames: of all sizes, cut at random") {
  std::mt19937 random{20};
  for (int round = 0; round < 10; ++round) {
    auto said = opening();
    while (said.bytes.size() < 200'000) {
      const auto length = std::uniform_int_distribution<size_t>{0, 9000}(random);
      switch (random() % 4) {
        case 0:
          said.frame(headers, length % 200, 1);
          break;
        case 1:
          said.frame(window_update, 4, 0);
          break;
        default:
          said.frame(data, length, 1);
      }
    }
    const auto sends = std::uniform_int_distribution<size_t>{5000, 150'000}(random);
    const auto step = std::uniform_int_distribution<size_t>{500, 150'000}(random);
    CAPTURE(round);
    CAPTURE(sends);
    CAPTURE(step);
    const auto chunks = say(said, sends, 1 + random() % 9, step);
    check_heard(of(chunks, true, true), said);
    check_heard(of(chunks, false, false), said);
  }
}

TEST_CASE_FIXTURE(frames_watch, "l7 frames: a slice of nothing but headers of frames") {
  auto said = opening();
  for (int i = 0; i < 2000; ++i)
    said.frame(data, 0, 1);
  said.frame(data, 50'000, 1).frame(headers, 10, 1);
  const auto chunks = say(said, said.bytes.size(), 1, said.bytes.size());
  check_heard(of(chunks, true, true), said);
  check_heard(of(chunks, false, false), said);
}

TEST_CASE_FIXTURE(frames_watch, "l7 frames: nothing is read behind what was received") {
  const auto said = opening().frame(data, 40'000, 1).frame(headers, 10, 1);
  const auto size = said.bytes.size();
  const auto chunks = run([&](const tcp_pair& pair) {
    // The buffer is longer than what comes, and its rest cannot be read.
    const size_t mapped = 1 << 20;
    auto* const memory = static_cast<char*>(
        mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    const size_t readable = 65536;
    mprotect(memory + readable, mapped - readable, PROT_NONE);
    int waiting = 0;
    const auto sent = send_all(pair.client.fd(), said.bytes);
    while (waiting < static_cast<int>(size) && ioctl(pair.server.fd(), FIONREAD, &waiting) == 0)
      std::this_thread::yield();
    const iovec buffer{memory + readable - size, mapped - readable};
    return sent && readv(pair.server.fd(), &buffer, 1) == static_cast<ssize_t>(size);
  });
  check_heard(of(chunks, false, false), said);
}

TEST_CASE_FIXTURE(frames_watch, "l7 frames: a server begins with its settings") {
  const auto said = script{}.frame(settings, 18, 0).frame(data, 100'000, 1).frame(headers, 10, 1);
  const auto chunks = say(said, said.bytes.size(), 1, said.bytes.size());
  check_heard(of(chunks, true, true), said);
}

TEST_CASE_FIXTURE(frames_watch, "l7 frames: user space knows where one begins") {
  l7_verdict wanted{};
  wanted.bytes[0] = L7_CAPTURE_MAX;
  wanted.frames = 1;
  const auto said = script{}.frame(data, 100'000, 1).frame(headers, 10, 1);
  const auto say_it = [&](const tcp_pair& pair) {
    std::thread reader{[&] {
      pair.server.receive_bytes(said.bytes.size());
    }};
    const auto good = send_in_vectors(pair.client.fd(), said.bytes, 1);
    reader.join();
    return good;
  };
  SUBCASE("here") {
    wanted.rest[0] = 1;
    const auto chunks = sent_decided(wanted, say_it);
    REQUIRE(chunks.size() == 2);
    CHECK(captured_bytes(chunks) == 9 + 19);
    CHECK((chunks[1].bytes == said.bytes.substr(9 + 100'000)));
  }
  SUBCASE("elsewhere") {
    wanted.rest[0] = 2;
    CHECK(captured_bytes(sent_decided(wanted, say_it)) == L7_CAPTURE_MAX);
  }
}

TEST_CASE_FIXTURE(frames_watch, "l7 frames: what is no HTTP/2 is captured as ever") {
  const auto said = script{}.say(preface).frame(settings, 0, 0).say(std::string(100, '\xff'));
  const auto text = said.bytes + numbered_text(100'000);
  const auto chunks = of(run([&](const tcp_pair& pair) {
                           std::thread reader{[&] {
                             pair.server.receive_bytes(text.size());
                           }};
                           const auto good = send_all(pair.client.fd(), text);
                           reader.join();
                           return good;
                         }),
                         true, true);
  REQUIRE(chunks.size() == 9);
  CHECK((chunks.back().record.flags & L7_TAIL) != 0);
  CHECK(captured_bytes(chunks) == L7_CAPTURE_MAX + 4096);
}
