// SPDX-License-Identifier: Apache-2.0
// Every call by which bytes come into a socket and out of it.
#include "tests/bpf/l7_watch.hpp"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <numeric>

using namespace troupe;

namespace {

/// Both ends say the same of what the client sent: in pieces of these sizes, with these bytes, or
/// without where the call has none.
struct piece {
  size_t size;
  std::string bytes;
};

void check_pieces(const std::vector<captured_chunk>& chunks, const std::vector<piece>& expected) {
  uint64_t position = 0;
  REQUIRE(chunks.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(chunks[i].record.size == expected[i].size);
    CHECK(chunks[i].record.position == position);
    CHECK(chunks[i].bytes == expected[i].bytes);
    CHECK(chunks[i].by_client());
    position += expected[i].size;
  }
}

/// So many messages, each of two vectors.
struct messages {
  explicit messages(std::vector<std::string> said)
      : texts(std::move(said)), parts(texts.size()), headers(texts.size()) {
    for (size_t i = 0; i < texts.size(); ++i) {
      parts[i] = {{{texts[i].data(), 1}, {texts[i].data() + 1, texts[i].size() - 1}}};
      headers[i] = {};
      headers[i].msg_hdr.msg_iov = parts[i].data();
      headers[i].msg_hdr.msg_iovlen = parts[i].size();
    }
  }

  [[nodiscard]] int send(int fd) {
    return sendmmsg(fd, headers.data(), static_cast<unsigned>(headers.size()), MSG_NOSIGNAL);
  }
  [[nodiscard]] int receive(int fd, int flags) {
    return recvmmsg(fd, headers.data(), static_cast<unsigned>(headers.size()), flags, nullptr);
  }

  std::vector<std::string> texts;
  std::vector<std::array<iovec, 2>> parts;
  std::vector<mmsghdr> headers;
};

/// A ring for one operation at a time, by bare system calls.
class one_uring {
public:
  one_uring() : fd_{static_cast<int>(syscall(SYS_io_uring_setup, 4, &params_))} {
    if (fd_ < 0)
      return;
    submissions_ = map(IORING_OFF_SQ_RING, params_.sq_off.array + params_.sq_entries * 4);
    completions_ =
        map(IORING_OFF_CQ_RING, params_.cq_off.cqes + params_.cq_entries * sizeof(io_uring_cqe));
    entries_ = map(IORING_OFF_SQES, params_.sq_entries * sizeof(io_uring_sqe));
  }
  ~one_uring() { close(fd_); }
  one_uring(const one_uring&) = delete;
  one_uring& operator=(const one_uring&) = delete;

  [[nodiscard]] bool works() const { return fd_ >= 0; }

  void submit(uint8_t opcode, int socket, char* bytes, size_t size) {
    auto& entry = *reinterpret_cast<io_uring_sqe*>(entries_);
    entry = {};
    entry.opcode = opcode;
    entry.fd = socket;
    entry.addr = reinterpret_cast<uint64_t>(bytes);
    entry.len = static_cast<uint32_t>(size);
    number(submissions_, params_.sq_off.array) = 0;
    std::atomic_ref{number(submissions_, params_.sq_off.tail)}.fetch_add(1);
    syscall(SYS_io_uring_enter, fd_, 1, 0, 0, nullptr, 0);
  }

  int wait() {
    syscall(SYS_io_uring_enter, fd_, 0, 1, IORING_ENTER_GETEVENTS, nullptr, 0);
    auto& head = number(completions_, params_.cq_off.head);
    const auto* all = reinterpret_cast<io_uring_cqe*>(completions_ + params_.cq_off.cqes);
    return all[head++ % params_.cq_entries].res;
  }

private:
  char* map(off_t what, size_t size) const {
    return static_cast<char*>(
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, what));
  }
  static uint32_t& number(char* ring, uint32_t at) {
    return *reinterpret_cast<uint32_t*>(ring + at);
  }

  io_uring_params params_{};
  int fd_;
  char* submissions_ = nullptr;
  char* completions_ = nullptr;
  char* entries_ = nullptr;
};

bool is_all(ssize_t result, size_t size) {
  return result == static_cast<ssize_t>(size);
}

} // namespace

TEST_CASE_FIXTURE(l7_watch, "l7: sendmmsg and recvmmsg are as many sends and receives") {
  const std::vector<std::string> said{"first", "second one", "the third"};
  const auto chunks = run([&](const tcp_pair& pair) {
    messages sent{said};
    messages again{said};
    if (sent.send(pair.client.fd()) != 3)
      return false;
    // The first takes all that is there, the second waits for nothing.
    messages heard{{std::string(5, ' '), std::string(10, ' '), std::string(9, ' ')}};
    if (heard.receive(pair.server.fd(), MSG_DONTWAIT) != 3 || heard.texts != said)
      return false;
    // By the same arrays: each call begins anew, also where the one before ended early.
    if (again.send(pair.client.fd()) != 3 || again.send(pair.client.fd()) != 3)
      return false;
    messages many{std::vector<std::string>(5, std::string(12, ' '))};
    if (many.receive(pair.server.fd(), MSG_DONTWAIT) != 4)
      return false;
    return again.send(pair.client.fd()) == 3 && many.receive(pair.server.fd(), MSG_DONTWAIT) == 2;
  });
  std::vector<piece> sent;
  for (int i = 0; i < 4; ++i)
    for (const auto& x : said)
      sent.push_back({x.size(), x});
  check_pieces(of(chunks, true, true), sent);
  const auto received = of(chunks, false, false);
  REQUIRE(received.size() == 9);
  const auto all = together(received, 0);
  const auto once = said[0] + said[1] + said[2];
  CHECK(all.captured == once + once + once + once);
}

TEST_CASE_FIXTURE(l7_watch, "l7: preadv2 and pwritev2 are as readv and writev") {
  const auto chunks = run([](const tcp_pair& pair) {
    std::string text = "by vectors";
    std::array<iovec, 2> parts{{{text.data(), 3}, {text.data() + 3, 7}}};
    return pwritev2(pair.client.fd(), parts.data(), 2, -1, 0) == 10
           && preadv2(pair.server.fd(), parts.data(), 2, -1, 0) == 10;
  });
  check_pieces(of(chunks, true, true), {{10, "by vectors"}});
  check_pieces(of(chunks, false, false), {{10, "by vectors"}});
}

TEST_CASE_FIXTURE(l7_watch, "l7: the end of a connection is no byte of it") {
  const auto chunks = run([](const tcp_pair& pair) {
    std::array<char, 64> heard{};
    pollfd last{pair.server.fd(), POLLRDHUP, 0};
    return write(pair.client.fd(), "head", 4) == 4
           && is_all(recv(pair.server.fd(), heard.data(), 4, MSG_WAITALL), 4)
           && write(pair.client.fd(), "tail", 4) == 4 && shutdown(pair.client.fd(), SHUT_WR) == 0
           && poll(&last, 1, 5000) == 1
           // Takes the bytes and, the call being longer, the end as well.
           && is_all(recv(pair.server.fd(), heard.data(), heard.size(), MSG_WAITALL), 4);
  });
  check_pieces(of(chunks, false, false), {{4, "head"}, {4, "tail"}});
}

TEST_CASE_FIXTURE(l7_watch, "l7: splice and sendfile are counted, with the place of what follows") {
  const auto chunks = run([](const tcp_pair& pair) {
    std::array<int, 2> pipe_ends{};
    std::array<char, 64> heard{};
    const auto file = memfd_create("page", 0);
    off_t begin = 0;
    if (pipe(pipe_ends.data()) != 0 || write(file, "0123456789", 10) != 10
        || write(pipe_ends[1], "through", 7) != 7)
      return false;
    return write(pair.client.fd(), "head", 4) == 4
           && splice(pipe_ends[0], nullptr, pair.client.fd(), nullptr, 7, 0) == 7
           && sendfile(pair.client.fd(), file, &begin, 10) == 10
           && write(pair.client.fd(), "tail", 4) == 4
           && is_all(recv(pair.server.fd(), heard.data(), 4, MSG_WAITALL), 4)
           && splice(pair.server.fd(), nullptr, pipe_ends[1], nullptr, 17, 0) == 17
           && is_all(recv(pair.server.fd(), heard.data(), 4, MSG_WAITALL), 4);
  });
  check_pieces(of(chunks, true, true), {{4, "head"}, {7, ""}, {10, ""}, {4, "tail"}});
  auto received = of(chunks, false, false);
  REQUIRE(received.size() >= 2); // By the tracepoints a splice from a socket is not seen.
  if (received.size() == 3) {
    CHECK(received[1].record.size == 17);
    CHECK(received[1].bytes.empty());
  }
  CHECK(received.front().bytes == "head");
  CHECK(received.back().bytes == "tail");
  CHECK(received.back().record.position == 21);
}

TEST_CASE_FIXTURE(l7_watch, "l7: io_uring is counted, and never taken for another call's bytes") {
  const auto chunks = run([](const tcp_pair& pair) {
    one_uring ring;
    if (!ring.works())
      return false;
    std::string text = "sent by the ring";
    std::array<char, 64> heard{};
    std::array<char, 64> other{};
    const auto file = memfd_create("other", 0);
    ring.submit(IORING_OP_RECV, pair.server.fd(), heard.data(), 16); // Waits.
    ring.submit(IORING_OP_SEND, pair.client.fd(), text.data(), 16);
    // On its way out of one of these what was put off is done.
    for (int i = 0; i < 10; ++i)
      if (pwrite(file, other.data(), other.size(), 0) != 64)
        return false;
    return ring.wait() == 16 && ring.wait() == 16
           && std::string(heard.data(), 16) == "sent by the ring"
           && write(pair.client.fd(), "tail", 4) == 4 && pair.server.receive_bytes(4);
  });
  check_pieces(of(chunks, true, true), {{16, ""}, {4, "tail"}});
  check_pieces(of(chunks, false, false), {{16, ""}, {4, "tail"}});
}

TEST_CASE_FIXTURE(l7_watch, "l7: what is thrown away is counted") {
  const auto chunks = run([](const tcp_pair& pair) {
    std::array<char, 64> heard{};
    heard.fill('x');
    return write(pair.client.fd(), "hello world", 11) == 11
           && recv(pair.server.fd(), heard.data(), 5, MSG_TRUNC | MSG_WAITALL) == 5
           && recv(pair.server.fd(), heard.data(), 6, MSG_WAITALL) == 6;
  });
  check_pieces(of(chunks, false, false), {{5, ""}, {6, " world"}});
}

TEST_CASE_FIXTURE(l7_watch, "l7: a buffer that was taken away meanwhile is counted") {
  const auto chunks = run([](const tcp_pair& pair) {
    // The kernel copies the first vector's bytes; the others lead nowhere by the time we look.
    std::array<iovec, 2> parts{};
    auto* page = static_cast<char*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::string_view{"within"}.copy(page, 6);
    parts[0] = {page, 6};
    parts[1] = {page + 4096 - 4, 8}; // Half of it is behind the mapping.
    return writev(pair.client.fd(), parts.data(), 2) > 0 && pair.server.receive_bytes(6);
  });
  const auto sent = of(chunks, true, true);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].record.size >= 6);
  CHECK(sent[0].bytes.substr(0, 6) == "within");
}

TEST_CASE_FIXTURE(l7_watch, "l7: over IPv6, and over IPv4 on a socket of IPv6") {
  const auto talk = [](const tcp_socket& client, const tcp_socket& server) {
    std::array<char, 8> heard{};
    return write(client.fd(), "ask", 3) == 3 && read(server.fd(), heard.data(), 8) == 3
           && write(server.fd(), "answer", 6) == 6 && read(client.fd(), heard.data(), 8) == 6;
  };
  std::vector<captured_chunk> chunks;
  SUBCASE("IPv6") {
    chunks = run([&](const tcp_pair& pair) { return talk(pair.client, pair.server); }, AF_INET6);
    CHECK(chunks.at(0).record.endpoints.local[15] == 1);
    CHECK(chunks.at(0).record.endpoints.local[10] == 0);
  }
  SUBCASE("v4-mapped") {
    records.clear();
    const auto pid = cgroup.start([&] {
      const tcp_socket listener{socket(AF_INET6, SOCK_STREAM, 0)};
      sockaddr_in6 any{};
      any.sin6_family = AF_INET6;
      socklen_t size = sizeof(any);
      if (bind(listener.fd(), reinterpret_cast<sockaddr*>(&any), size) != 0
          || listen(listener.fd(), 8) != 0
          || getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&any), &size) != 0)
        return 1;
      const auto client = connect_to(AF_INET, ntohs(any.sin6_port));
      const tcp_socket server{accept(listener.fd(), nullptr, nullptr)};
      return talk(client, server) ? 0 : 1;
    });
    chunks = rest_of(pid);
    for (const auto& x : chunks)
      CHECK(x.record.endpoints.local[10] == 0xff);
  }
  REQUIRE(chunks.size() == 4);
  for (const bool outbound : {true, false}) {
    CHECK(of(chunks, outbound, outbound).at(0).bytes == "ask");
    CHECK(of(chunks, outbound, !outbound).at(0).bytes == "answer");
  }
}

TEST_CASE("l7: of a connection that is older than the agent it is known that it began before") {
  scratch_cgroup cgroup;
  const gate connected;
  const gate watched;
  const auto pid = cgroup.start([&] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    auto good = pair.client.send_bytes(100) && pair.server.receive_bytes(100)
                && pair.server.send_bytes(50) && pair.client.receive_bytes(50);
    connected.open();
    watched.pass();
    std::array<char, 8> heard{};
    good = good && write(pair.client.fd(), "more", 4) == 4
           && read(pair.server.fd(), heard.data(), 8) == 4;
    return good ? 0 : 1;
  });
  connected.pass();
  auto options = capturing();
  options.only_cgroup = cgroup.id();
  l7_watch x{options};
  x.records.keep(cgroup.id());
  x.source.scan_sockets(x.records);
  watched.open();
  const auto chunks = x.rest_of(pid);
  REQUIRE(chunks.size() == 2);
  for (const auto& chunk : chunks) {
    CHECK((chunk.record.flags & L7_MIDSTREAM) != 0);
    CHECK(chunk.bytes == "more");
    CHECK(chunk.by_client());
  }
}
