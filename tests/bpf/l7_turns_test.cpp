// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/connections.hpp"
#include "tests/bpf/gate.hpp"
#include "tests/bpf/tcp_pair.hpp"
#include "tests/bpf/watched_kernel.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <random>
#include <string>

// Real connections, watched by the kernel's programs and understood by the conversations that tell
// them what to count by themselves: together they count every request.

using namespace troupe;

namespace {

std::string text(const std::map<int, uint64_t>& by_status) {
  std::string result;
  for (const auto& [status, count] : by_status)
    result += std::to_string(status) + ": " + std::to_string(count) + ", ";
  return result;
}

/// What one end said and heard: answers by status.
struct end_count {
  std::map<int, uint64_t> told;    ///< as exchanges
  std::map<int, uint64_t> counted; ///< by the kernel
  uint64_t durations = 0;
  uint64_t not_understood = 0;

  [[nodiscard]] std::string all() const {
    auto result = told;
    for (const auto& [status, count] : counted)
      result[status] += count;
    return text(result);
  }
  [[nodiscard]] uint64_t counted_total() const {
    uint64_t result = 0;
    for (const auto& [status, count] : counted)
      result += count;
    return result;
  }
};

/// The user's half: takes records in, and gives the kernel its verdicts.
class understanding final : public record_sink, public l7::observer {
public:
  understanding(kernel_source& source, cgroup_id cgroup) : source_{source}, cgroup_{cgroup} {}

  void take(const event_header& header) override {
    if (header.cgroup_id != cgroup_)
      return;
    const auto* const at = reinterpret_cast<const char*>(&header);
    if (header.kind == EVENT_L7_CHUNK) {
      const auto& record = *reinterpret_cast<const l7_chunk*>(at);
      ++chunks;
      connections_.take(record, {at + sizeof(record), record.captured}, *this);
    } else if (header.kind == EVENT_L7_TURNS) {
      connections_.turned(*reinterpret_cast<const l7_turns*>(at), *this);
    } else if (header.kind == EVENT_TCP_CLOSED) {
      const auto& record = *reinterpret_cast<const tcp_connection_totals*>(at);
      connections_.closed(record.connection.socket_cookie, *this);
      ++closed;
    }
  }

  void exchanged(const l7::connection_ends& ends, l7_exchange exchange) override {
    CHECK(exchange.protocol == l7_protocol::http);
    ++of(ends).told[exchange.status];
    of(ends).durations += exchange.duration_ns > 0 ? 1 : 0;
  }
  void not_understood(l7_protocol, l7::unparsed, uint64_t bytes) override {
    client.not_understood += bytes;
  }
  void captured(l7_protocol, uint64_t) override {}
  void decided(uint64_t cookie, const l7_verdict& verdict) override {
    source_.set_verdict(cookie, verdict);
    ++verdicts;
  }
  void turned(const l7::connection_ends& ends, l7_protocol protocol,
              const l7::turn_counts& turns) override {
    CHECK(protocol == l7_protocol::http);
    for (const auto& x : turns.answers)
      if (x.count > 0)
        of(ends).counted[x.status] += x.count;
    for (const auto count : turns.durations)
      of(ends).durations += count;
  }

  void forget() {
    client = {};
    server = {};
    closed = 0;
  }

  end_count client;
  end_count server;
  size_t chunks = 0;
  size_t verdicts = 0;
  size_t closed = 0;

private:
  end_count& of(const l7::connection_ends& ends) { return ends.outbound ? client : server; }

  kernel_source& source_;
  cgroup_id cgroup_;
  l7::connections connections_;
};

kernel_options counting() {
  auto options = test_options();
  options.l7 = true;
  options.l7_turns = true;
  options.ring_bytes = 16U << 20; // Whoever talks is not slowed down while we are not let run.
  return options;
}

bool say(const tcp_socket& from, const std::string& text) {
  return send(from.fd(), text.data(), text.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(text.size());
}

/// Sends of the client, then of the server; each side hears all of the other's before it goes on.
struct turn {
  std::vector<std::string> requests;
  std::vector<std::string> answers;
};

bool take(const tcp_pair& pair, const turn& x) {
  for (const auto& request : x.requests)
    if (!say(pair.client, request) || !pair.server.receive_bytes(request.size()))
      return false;
  for (const auto& answer : x.answers)
    if (!say(pair.server, answer) || !pair.client.receive_bytes(answer.size()))
      return false;
  return true;
}

std::string get(const std::string& path, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: shop\r\n" + more + "\r\n";
}

std::string answer(int status, const std::string& body = "hello") {
  return "HTTP/1.1 " + std::to_string(status)
         + " Text\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct turns_test : watched_kernel {
  turns_test() : watched_kernel{counting()}, heard{source, cgroup.id()} {
    REQUIRE(source.objects().find("l7") != nullptr);
  }

  /// Runs it in the cgroup, while what it does is taken in; with all that the kernel has to say.
  void run(const std::function<bool(const tcp_pair&)>& talk) {
    heard.forget();
    const auto pid = cgroup.start([&] {
      const tcp_listener listener;
      return talk(tcp_pair{listener}) ? 0 : 1;
    });
    const auto all = hear([this] {
      source.walk_sockets(heard);
      return heard.closed == 2;
    });
    int status = -1;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
    CHECK(all);
    for (const auto& loss : source.losses())
      if (loss.kind.substr(0, 3) == "l7_")
        CHECK(loss.count == 0);
  }

  /// Takes in what comes, until it holds; false after a deadline.
  bool hear(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline)
        return false;
      source.poll(std::chrono::milliseconds{2}, heard);
    }
    return true;
  }

  void check_both(const std::map<int, uint64_t>& expected) {
    CHECK(heard.client.all() == text(expected));
    CHECK(heard.server.all() == text(expected));
  }

  understanding heard;
};

} // namespace

TEST_CASE_FIXTURE(turns_test, "l7 turns: what is simple is counted in the kernel, and not told") {
  constexpr uint64_t turns = 2'000;
  run([](const tcp_pair& pair) {
    const turn simple{{get("/cart")}, {answer(200)}};
    for (uint64_t i = 0; i < turns; ++i)
      if (!take(pair, simple))
        return false;
    return true;
  });
  check_both({{200, turns}});
  // All but the first, which says what is spoken; fewer where memory could not be read at once.
  CHECK(heard.client.counted_total() > turns / 2);
  CHECK(heard.server.counted_total() > turns / 2);
  CHECK(heard.client.counted_total() < turns);
  CHECK(heard.client.durations == turns);
  CHECK(heard.server.durations == turns);
  CHECK(heard.client.not_understood == 0);
}

TEST_CASE_FIXTURE(turns_test,
                  "l7 turns: a connection that begins otherwise is counted once offered") {
  const gate offered;
  const auto pid = cgroup.start([&offered] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    const turn first{{"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"}, {answer(201)}};
    const turn simple{{get("/cart")}, {answer(200)}};
    // The run of simple turns has begun before the offer comes.
    bool good = take(pair, first) && take(pair, simple);
    offered.pass();
    for (int i = 0; i < 1'000; ++i)
      good = good && take(pair, simple);
    return good ? 0 : 1;
  });
  REQUIRE(hear([this] { return heard.chunks == 8; }));
  offered.open();
  REQUIRE(hear([this] { return heard.closed == 2; }));
  int status = -1;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
  check_both({{200, 1'001}, {201, 1}});
  CHECK(heard.client.counted_total() > 500);
  CHECK(heard.server.counted_total() > 500);
}

TEST_CASE_FIXTURE(turns_test, "l7 turns: whatever else comes between is understood as ever") {
  const std::string big(100'000, 'b');
  const std::string long_head(2'000, 'x');
  // By the statuses that a turn makes.
  const std::vector<std::pair<std::vector<int>, turn>> odd{
      {{200}, {{"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"}, {answer(200)}}},
      {{201}, {{"PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n", "abc"}, {answer(201)}}},
      {{200}, {{"HEAD /a HTTP/1.1\r\n\r\n"}, {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"}}},
      {{200, 404}, {{get("/a") + get("/b")}, {answer(200) + answer(404)}}},
      {{200, 500}, {{get("/a"), get("/b")}, {answer(200), answer(500)}}},
      {{200}, {{"GET /spl", "it HTTP/1.1\r\n\r\n"}, {answer(200)}}},
      {{200}, {{get("/a", "Cookie: " + long_head + "\r\n")}, {answer(200)}}},
      {{200},
       {{get("/a", "Expect: 100-continue\r\n")}, {"HTTP/1.1 100 Continue\r\n\r\n", answer(200)}}},
      {{200}, {{get("/a")}, {"HTTP/1.", "1 200 OK\r\nContent-Length: 0\r\n\r\n"}}},
      {{302}, {{get("/a")}, {answer(302)}}},
      {{403}, {{get("/a")}, {answer(403)}}},
      {{404}, {{get("/a")}, {answer(404)}}},
      {{503}, {{get("/a")}, {answer(503)}}},
      {{504}, {{get("/a")}, {answer(504)}}},
      {{200}, {{get("/a")}, {answer(200, big)}}},
      {{200},
       {{get("/a")},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", "0\r\n\r\n"}}}};
  uint64_t counted = 0;
  for (size_t which = 0; which <= odd.size(); ++which) {
    CAPTURE(which); // Each by itself, and all together.
    std::mt19937 random{4711};
    std::vector<const turn*> script;
    std::map<int, uint64_t> expected;
    const turn simple{{get("/cart")}, {answer(200)}};
    for (int i = 0; i < 500; ++i) {
      if (random() % 10 != 0) {
        script.push_back(&simple);
        ++expected[200];
        continue;
      }
      const auto& x = odd[which < odd.size() ? which : random() % odd.size()];
      script.push_back(&x.second);
      for (const auto status : x.first)
        ++expected[status];
    }
    run([&script](const tcp_pair& pair) {
      for (const auto* x : script)
        if (!take(pair, *x))
          return false;
      return true;
    });
    check_both(expected);
    counted += heard.client.counted_total();
    CHECK(heard.client.not_understood == 0);
  }
  CHECK(counted > 0);
}

TEST_CASE_FIXTURE(turns_test, "l7 turns: where they are off each is told") {
  auto options = counting();
  options.l7_turns = false;
  kernel_source other{options};
  understanding told{other, cgroup.id()};
  const auto pid = cgroup.start([] {
    const tcp_listener listener;
    const tcp_pair pair{listener};
    for (int i = 0; i < 100; ++i)
      if (!take(pair, {{get("/cart")}, {answer(200)}}))
        return 1;
    return 0;
  });
  int status = -1;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
  CHECK(await([&] {
    other.poll(std::chrono::milliseconds{1}, told);
    return told.closed == 2;
  }));
  CHECK(told.chunks == 400);
  CHECK(told.client.told == std::map<int, uint64_t>{{200, 100}});
  CHECK(told.server.told == std::map<int, uint64_t>{{200, 100}});
}
