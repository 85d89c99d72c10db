// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/l7_watch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

using namespace troupe;

namespace {

using way = std::function<ssize_t(int fd, char* bytes, size_t size)>;

ssize_t by_message(int fd, char* bytes, size_t size, bool send) {
  std::array<iovec, 2> parts{{{bytes, 2}, {bytes + 2, size - 2}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return send ? sendmsg(fd, &message, 0) : recvmsg(fd, &message, 0);
}

ssize_t by_vectors(int fd, char* bytes, size_t size, bool send) {
  std::array<iovec, 3> parts{{{bytes, 1}, {bytes + 1, 0}, {bytes + 1, size - 1}}};
  return send ? writev(fd, parts.data(), parts.size()) : readv(fd, parts.data(), parts.size());
}

/// Every way to send with every way to receive.
const std::vector<std::pair<way, way>> ways{
    {[](int fd, char* x, size_t n) { return write(fd, x, n); },
     [](int fd, char* x, size_t n) {
       return read(fd, x, n);
     }},
    {[](int fd, char* x, size_t n) { return send(fd, x, n, 0); },
     [](int fd, char* x, size_t n) {
       return recv(fd, x, n, 0);
     }},
    {[](int fd, char* x, size_t n) { return by_vectors(fd, x, n, true); },
     [](int fd, char* x, size_t n) {
       return by_vectors(fd, x, n, false);
     }},
    {[](int fd, char* x, size_t n) { return by_message(fd, x, n, true); },
     [](int fd, char* x, size_t n) {
       return by_message(fd, x, n, false);
     }},
};

} // namespace

TEST_CASE_FIXTURE(l7_watch, "l7: what is said is captured on both ends, whichever call says it") {
  const auto chunks = run([](const tcp_pair& pair) {
    std::array<char, 64> heard{};
    for (size_t i = 0; i < ways.size(); ++i) {
      auto text = "message " + std::to_string(i);
      if (ways[i].first(pair.client.fd(), text.data(), text.size())
              != static_cast<ssize_t>(text.size())
          || ways[i].second(pair.server.fd(), heard.data(), text.size())
                 != static_cast<ssize_t>(text.size()))
        return false;
    }
    return true;
  });
  REQUIRE(chunks.size() == 2 * ways.size());
  for (const auto& side : {of(chunks, true, true), of(chunks, false, false)}) {
    REQUIRE(side.size() == ways.size());
    for (size_t i = 0; i < side.size(); ++i) {
      CHECK(side[i].bytes == "message " + std::to_string(i));
      CHECK(side[i].record.size == 9);
      CHECK(side[i].record.position == 9 * i);
      CHECK(side[i].by_client());
    }
  }
  CHECK(chunks[0].record.endpoints.remote_port == chunks[1].record.endpoints.local_port);
}

TEST_CASE_FIXTURE(l7_watch, "l7: only what went through counts") {
  const auto chunks = run([](const tcp_pair& pair) {
    std::array<char, 1 << 16> large{};
    std::memcpy(large.data(), "hello", 5);
    if (recv(pair.server.fd(), large.data() + 5, 100, MSG_DONTWAIT) != -1) // Nothing there: EAGAIN.
      return false;
    if (send(pair.client.fd(), large.data(), 5, 0) != 5
        || recv(pair.server.fd(), large.data() + 5, 5, MSG_PEEK) != 5)
      return false;
    return read(pair.server.fd(), large.data() + 5, large.size() - 5) == 5; // Into a large buffer.
  });
  REQUIRE(chunks.size() == 2);
  CHECK(of(chunks, true, true)[0].bytes == "hello");
  const auto received = of(chunks, false, false);
  REQUIRE(received.size() == 1);
  CHECK(received[0].bytes == "hello");
  CHECK(received[0].record.position == 0);
}

TEST_CASE_FIXTURE(l7_watch, "l7: bytes that nobody can read are counted, with their place") {
  const auto chunks = run([](const tcp_pair& pair) {
    const auto file = memfd_create("page", 0);
    if (write(file, "0123456789", 10) != 10)
      return false;
    off_t begin = 0;
    return write(pair.client.fd(), "head", 4) == 4
           && sendfile(pair.client.fd(), file, &begin, 10) == 10
           && write(pair.client.fd(), "tail", 4) == 4 && pair.server.receive_bytes(18);
  });
  const auto sent = of(chunks, true, true);
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].bytes == "head");
  CHECK(sent[1].record.size == 10);
  CHECK(sent[1].record.captured == 0);
  CHECK(sent[2].bytes == "tail");
  CHECK(sent[2].record.position == 14);
}

TEST_CASE_FIXTURE(l7_watch, "l7: a long send is captured as far as is asked for, in slices") {
  const auto text = numbered_text(100'000);
  for (const uint16_t limit : {0, 1, 900, 1024, 4095, 4096, 4097, 10'000, 32768}) {
    CAPTURE(limit);
    const auto sent = run_decided(limit, [&](const tcp_pair& pair) {
      std::thread reader{[&] {
        pair.server.receive_bytes(text.size());
      }};
      const auto good = send_all(pair.client.fd(), text);
      reader.join();
      return good;
    });
    CHECK(sent.captured == text.substr(0, limit));
    CHECK(sent.size == (limit > 0 ? text.size() : 0));
    CHECK(sent.chunks == (limit + 4095U) / 4096);
  }
}

TEST_CASE_FIXTURE(l7_watch, "l7: many vectors are as one buffer") {
  const auto text = numbered_text(20'000);
  for (const size_t count : {1, 3, 64, 65, 400, 1024}) {
    CAPTURE(count);
    const auto sent = run_decided(32768, [&](const tcp_pair& pair) {
      auto bytes = text;
      std::vector<iovec> parts;
      for (size_t i = 0; i < count; ++i) {
        const auto begin = i * bytes.size() / count;
        const auto end = (i + 1) * bytes.size() / count;
        parts.push_back({bytes.data() + begin, end - begin});
      }
      return writev(pair.client.fd(), parts.data(), static_cast<int>(count)) == 20'000
             && pair.server.receive_bytes(20'000);
    });
    CHECK((sent.captured == text));
    CHECK(sent.size == text.size());
  }
}

TEST_CASE_FIXTURE(l7_watch, "l7: nothing is told any more of a connection that is opaque") {
  const gate connected;
  const gate decided;
  const auto pid = cgroup.start([&] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    bool good = pair.client.send_bytes(10);
    connected.open();
    decided.pass();
    for (int i = 0; i < 10; ++i)
      good = good && pair.client.send_bytes(10);
    return good ? 0 : 1;
  });
  connected.pass();
  REQUIRE(await_count(EVENT_L7_CHUNK, 1));
  l7_verdict opaque{};
  opaque.opaque = 1;
  source.set_verdict(chunks_of(records).at(0).record.socket_cookie, opaque);
  decided.open();
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(status == 0);
  CHECK(await_count(EVENT_TCP_CLOSED, 2));
  read_rest();
  CHECK(of(chunks_of(records), true, true).size() == 1);
}

TEST_CASE_FIXTURE(l7_watch, "l7: nothing is told of a cgroup that is not to be listened to") {
  const auto say = [](const tcp_pair& pair) {
    return pair.client.send_bytes(10) && pair.server.receive_bytes(10);
  };
  source.set_uncaptured(cgroup.id());
  CHECK(run(say).empty());
  CHECK(records.count(EVENT_TCP_OPENED) == 2);
  source.set_ignored(cgroup.id(), false);
  CHECK(run(say).size() == 2);
}

TEST_CASE("l7: a connection that nobody decides about is told of for a while") {
  auto options = capturing();
  options.ring_bytes = 64U << 20;
  l7_watch x{options};
  const std::string text(8000, 'x');
  constexpr size_t sends = 5000;
  const auto lost = [&] {
    uint64_t sum = 0;
    for (const auto& loss : x.source.losses())
      sum += loss.reason == "undecided" ? loss.count : 0;
    return sum;
  };
  const auto chunks = x.run([&](const tcp_pair& pair) {
    std::string heard(text.size(), ' ');
    for (size_t i = 0; i < sends; ++i)
      if (send(pair.client.fd(), text.data(), text.size(), 0) != 8000
          || recv(pair.server.fd(), heard.data(), heard.size(), MSG_WAITALL) != 8000)
        return false;
    return true;
  });
  // All of 8000 bytes, in two slices, while less than 1 MiB is in the ring; then the beginning and
  // the end, up to 8 MiB.
  const auto sent = of(chunks, true, true);
  constexpr size_t whole = (1'048'576 + 8095) / 8096;
  constexpr size_t cut = (8'388'608 - whole * 8096 + 1631) / 1632;
  REQUIRE(sent.size() == 2 * (whole + cut));
  CHECK(sent[2 * whole - 1].bytes.size() == 8000 - 4096);
  CHECK(sent[2 * whole].bytes.size() == 1024);
  CHECK(sent[2 * whole].record.size == 8000 - 512);
  CHECK(sent[2 * whole + 1].bytes.size() == 512);
  CHECK(lost() == 2 * (sends - whole - cut)); // Of both ends.
}
