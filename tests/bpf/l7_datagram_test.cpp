// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/gate.hpp"
#include "tests/bpf/watched_kernel.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

using namespace troupe;

namespace {

struct told_datagram {
  l7_chunk record;
  std::string bytes;

  [[nodiscard]] bool sent() const { return (record.flags & L7_SENT) != 0; }
};

kernel_options capturing() {
  auto options = test_options();
  options.l7 = true;
  return options;
}

/// A network of its own: its port 53 is free.
void enter_own_network() {
  if (unshare(CLONE_NEWNET) != 0)
    _exit(100);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq lo{};
  std::memcpy(static_cast<char*>(lo.ifr_name), "lo", 3);
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
    _exit(101);
  close(fd);
}

sockaddr_in6 address(const char* ip, uint16_t port) {
  sockaddr_in6 result{};
  result.sin6_family = AF_INET6;
  result.sin6_port = htons(port);
  inet_pton(AF_INET6, ip, &result.sin6_addr);
  return result;
}

sockaddr_in address4(const char* ip, uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  inet_pton(AF_INET, ip, &result.sin_addr);
  return result;
}

template <class Address>
const sockaddr* generic(const Address& x) {
  return reinterpret_cast<const sockaddr*>(&x);
}

template <class Address>
int bound(const Address& at) {
  const int fd = socket(generic(at)->sa_family, SOCK_DGRAM, 0);
  if (bind(fd, generic(at), sizeof(at)) != 0)
    _exit(102);
  return fd;
}

template <class Address>
int connected(const Address& to) {
  const int fd = socket(generic(to)->sa_family, SOCK_DGRAM, 0);
  if (connect(fd, generic(to), sizeof(to)) != 0)
    _exit(103);
  return fd;
}

/// Receives one, and sends it back with another beginning.
bool answer(int fd) {
  std::array<char, 512> bytes{};
  sockaddr_in6 from{};
  socklen_t size = sizeof(from);
  const auto count =
      recvfrom(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  bytes[0] = 'A';
  return count > 0
         && sendto(fd, bytes.data(), static_cast<size_t>(count), 0, generic(from), size) == count;
}

bool receives(int fd, const std::string& text) {
  std::array<char, 4096> bytes{};
  const auto count = read(fd, bytes.data(), bytes.size());
  return count == static_cast<ssize_t>(text.size()) && text == std::string(bytes.data(), count);
}

bool sends(int fd, const std::string& text) {
  return write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

struct l7_datagram_test : watched_kernel {
  l7_datagram_test() : watched_kernel{capturing()} {
    REQUIRE(source.objects().find("l7") != nullptr);
  }

  /// Runs it in the cgroup and in a network of its own, and reads all that came of it.
  std::vector<told_datagram> run(const std::function<bool()>& talk) {
    const auto pid = cgroup.start([&] {
      enter_own_network();
      return talk() ? 0 : 1;
    });
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
    read_rest();
    return told();
  }

  std::vector<told_datagram> told() {
    std::vector<told_datagram> result;
    for (const auto& bytes : records.records()) {
      const auto& header = *reinterpret_cast<const event_header*>(bytes.data());
      CHECK(header.kind != EVENT_L7_CHUNK);
      if (header.kind != EVENT_L7_DATAGRAM)
        continue;
      auto& x = result.emplace_back();
      std::memcpy(static_cast<void*>(&x.record), bytes.data(), sizeof(x.record));
      x.bytes.assign(reinterpret_cast<const char*>(bytes.data() + sizeof(x.record)),
                     x.record.captured);
    }
    return result;
  }
};

std::string text_of(const __u8 (&raw)[16]) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, raw, text.data(), text.size());
  return text.data();
}

std::string remote_of(const told_datagram& x) {
  return text_of(x.record.endpoints.remote) + " " + std::to_string(x.record.endpoints.remote_port);
}

std::vector<std::string> texts(const std::vector<told_datagram>& all) {
  std::vector<std::string> result;
  for (const auto& x : all)
    result.push_back((x.sent() ? "> " : "< ") + x.bytes);
  return result;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(l7_datagram_test, "l7 datagrams: a connected client and a server, on IPv4, IPv6 "
                                    "and IPv4 within IPv6") {
  const auto all = run([] {
    const int server = bound(address("::", 53));
    bool good = true;
    for (const int client : {connected(address4("127.0.0.1", 53)), connected(address("::1", 53)),
                             connected(address("::ffff:127.0.0.1", 53))})
      good = good && sends(client, "Query") && answer(server) && receives(client, "Auery");
    return good;
  });
  REQUIRE(all.size() == 12);
  for (size_t i = 0; i < all.size(); i += 4) {
    CHECK(texts({all.begin() + static_cast<long>(i), all.begin() + static_cast<long>(i) + 4})
          == lines{"> Query", "< Query", "> Auery", "< Auery"});
    const auto& asked = all[i].record;
    const auto& answered = all[i + 2].record;
    CHECK(remote_of(all[i]) == (i == 4 ? "::1 53" : "::ffff:127.0.0.1 53"));
    CHECK(remote_of(all[i + 1]) == ":: 0"); // Not known while it is received.
    CHECK(answered.endpoints.remote_port == asked.endpoints.local_port);
    CHECK(text_of(answered.endpoints.remote) == text_of(asked.endpoints.local));
    CHECK(answered.endpoints.local_port == 53);
    CHECK(remote_of(all[i + 3]) == remote_of(all[i]));
    CHECK(asked.size == 5);
    CHECK(asked.header.pid != 0);
    CHECK(asked.socket_cookie == all[i + 3].record.socket_cookie);
    CHECK(asked.socket_cookie != answered.socket_cookie);
  }
}

TEST_CASE_FIXTURE(l7_datagram_test, "l7 datagrams: of many in one call each is told") {
  const auto all = run([] {
    const int server = bound(address4("127.0.0.1", 53));
    const int client = connected(address4("127.0.0.1", 53));
    std::array<std::string, 3> said{"first", "second one", "third"};
    std::array<iovec, 3> parts{};
    std::array<mmsghdr, 3> messages{};
    for (size_t i = 0; i < said.size(); ++i) {
      parts[i] = {said[i].data(), said[i].size()};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    if (sendmmsg(client, messages.data(), 3, 0) != 3)
      return false;
    std::array<std::array<char, 64>, 4> heard{};
    std::array<iovec, 4> into{};
    std::array<mmsghdr, 4> received{};
    for (size_t i = 0; i < heard.size(); ++i) {
      into[i] = {heard[i].data(), heard[i].size()};
      received[i].msg_hdr.msg_iov = &into[i];
      received[i].msg_hdr.msg_iovlen = 1;
    }
    // Ends with EAGAIN: the next call begins with the first again.
    return recvmmsg(server, received.data(), 4, MSG_DONTWAIT, nullptr) == 3
           && sends(client, "again")
           && recvmmsg(server, received.data(), 4, MSG_DONTWAIT, nullptr) == 1;
  });
  CHECK(texts(all)
        == lines{"> first", "> second one", "> third", "< first", "< second one", "< third",
                 "> again", "< again"});
}

TEST_CASE_FIXTURE(l7_datagram_test, "l7 datagrams: a socket that is not connected says to whom it "
                                    "sends; what it receives is told once it has asked") {
  const auto all = run([] {
    const int first = bound(address4("127.0.0.1", 53));
    const int second = bound(address4("127.0.0.2", 53));
    const int other = bound(address4("127.0.0.1", 5353));
    const int client = bound(address4("127.0.0.1", 40001));
    const auto send_to = [&](const char* ip, uint16_t port, const std::string& text) {
      const auto to = address4(ip, port);
      return sendto(client, text.data(), text.size(), 0, generic(to), sizeof(to))
             == static_cast<ssize_t>(text.size());
    };
    return send_to("127.0.0.1", 5353, "none") && answer(other) && receives(client, "Aone")
           && send_to("127.0.0.1", 53, "one") && send_to("127.0.0.2", 53, "two") && answer(first)
           && answer(second) && receives(client, "Ane") && receives(client, "Awo");
  });
  std::vector<told_datagram> client;
  for (const auto& x : all)
    if (x.record.endpoints.local_port == 40001)
      client.push_back(x);
  REQUIRE(texts(client) == lines{"> one", "> two", "< Ane", "< Awo"});
  CHECK(remote_of(client[0]) == "::ffff:127.0.0.1 53");
  CHECK(remote_of(client[1]) == "::ffff:127.0.0.2 53");
  CHECK(client[2].record.endpoints.remote_port == 0);
  CHECK(all.size() == 8);
}

TEST_CASE_FIXTURE(l7_datagram_test, "l7 datagrams: of other ports nothing is told, and of what is "
                                    "only looked at") {
  const auto all = run([] {
    const int server = bound(address4("127.0.0.1", 53));
    const int metrics = bound(address4("127.0.0.1", 8125));
    const int to_metrics = connected(address4("127.0.0.1", 8125));
    const int client = connected(address4("127.0.0.1", 53));
    std::array<char, 64> bytes{};
    return sends(to_metrics, "count:1|c") && receives(metrics, "count:1|c")
           && sends(client, "asked") && recv(server, bytes.data(), bytes.size(), MSG_PEEK) == 5
           && recv(server, bytes.data(), 2, MSG_DONTWAIT) == 2
           && recv(server, bytes.data(), 2, MSG_DONTWAIT) == -1;
  });
  CHECK(texts(all) == lines{"> asked", "< as"});
}

TEST_CASE_FIXTURE(l7_datagram_test, "l7 datagrams: a long one is told with its beginning") {
  const std::string text(5000, 'x');
  const auto all = run([&] {
    const int server = bound(address4("127.0.0.1", 53));
    const int client = connected(address4("127.0.0.1", 53));
    std::array<char, 8192> bytes{};
    std::array<iovec, 2> parts{{{bytes.data(), 100}, {bytes.data() + 100, 8000}}};
    return sends(client, text) && readv(server, parts.data(), 2) == 5000;
  });
  REQUIRE(all.size() == 2);
  for (const auto& x : all) {
    CHECK(x.bytes == std::string(2048, 'x'));
    CHECK(x.record.size == 5000);
  }
}

TEST_CASE_FIXTURE(l7_datagram_test, "l7 datagrams: nothing is told any more of a socket that is "
                                    "opaque") {
  const gate asked;
  const gate decided;
  const auto pid = cgroup.start([&] {
    enter_own_network();
    const int server = bound(address4("127.0.0.1", 53));
    const int client = connected(address4("127.0.0.1", 53));
    bool good = sends(client, "before");
    asked.open();
    decided.pass();
    for (int i = 0; i < 10; ++i)
      good = good && sends(client, "after");
    return good && receives(server, "before") ? 0 : 1;
  });
  asked.pass();
  REQUIRE(await_count(EVENT_L7_DATAGRAM, 1));
  l7_verdict opaque{};
  opaque.opaque = 1;
  source.set_verdict(told().at(0).record.socket_cookie, opaque);
  decided.open();
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(status == 0);
  read_rest();
  CHECK(texts(told()) == lines{"> before", "< before"});
}
