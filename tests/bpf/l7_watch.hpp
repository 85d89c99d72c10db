// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernel tells of what is said on the connections of a cgroup.

#include "tests/bpf/gate.hpp"
#include "tests/bpf/tcp_pair.hpp"
#include "tests/bpf/watched_kernel.hpp"

#include <sys/wait.h>

#include <functional>
#include <string>
#include <vector>

namespace troupe {

struct captured_chunk {
  l7_chunk record;
  std::string bytes;

  [[nodiscard]] bool sent() const { return (record.flags & L7_SENT) != 0; }
  [[nodiscard]] bool by_client() const { return sent() == ((record.flags & L7_OUTBOUND) != 0); }
};

inline std::vector<captured_chunk> chunks_of(const kept_records& records) {
  std::vector<captured_chunk> result;
  for (const auto& bytes : records.records()) {
    const auto& header = *reinterpret_cast<const event_header*>(bytes.data());
    if (header.kind != EVENT_L7_CHUNK)
      continue;
    auto& x = result.emplace_back();
    std::memcpy(static_cast<void*>(&x.record), bytes.data(), sizeof(x.record));
    x.bytes.assign(reinterpret_cast<const char*>(bytes.data() + sizeof(x.record)),
                   x.record.captured);
  }
  return result;
}

/// Those of one end: its sends, or its receives.
inline std::vector<captured_chunk> of(const std::vector<captured_chunk>& all, bool outbound,
                                      bool sent) {
  std::vector<captured_chunk> result;
  for (const auto& x : all)
    if (((x.record.flags & L7_OUTBOUND) != 0) == outbound && x.sent() == sent)
      result.push_back(x);
  return result;
}

inline kernel_options capturing() {
  auto options = test_options();
  options.l7 = true;
  return options;
}

/// "00000001 00000002 ...": every place of it is told from every other.
inline std::string numbered_text(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) {
    const auto number = std::to_string(i);
    text += std::string(8 - number.size(), '0') + number + ' ';
  }
  text.resize(size);
  return text;
}

/// In one call, whatever it takes.
inline bool send_all(int fd, const std::string& text) {
  return send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

/// What one end's sends say together, if each begins where the one before ended.
struct said {
  size_t chunks = 0;
  uint64_t size = 0;
  std::string captured;
};

inline said together(const std::vector<captured_chunk>& chunks, uint64_t begin) {
  said result;
  for (const auto& x : chunks) {
    CHECK(x.record.position == begin + result.size);
    if (&x != &chunks.back())
      CHECK(x.record.size == x.bytes.size());
    ++result.chunks;
    result.size += x.record.size;
    result.captured += x.bytes;
  }
  return result;
}

/// A cgroup that is there before the programs are: of others they tell nothing, whose connections
/// nobody decides about here.
struct own_cgroup {
  [[nodiscard]] kernel_options only(kernel_options options) const {
    if (options.only_cgroup == 0)
      options.only_cgroup = mine.id();
    return options;
  }

  scratch_cgroup mine;
};

struct l7_watch : own_cgroup, watched_kernel {
  explicit l7_watch(const kernel_options& options = capturing()) : watched_kernel{only(options)} {
    records.keep(cgroup.id());
    REQUIRE(source.objects().find("l7") != nullptr);
  }

  scratch_cgroup& cgroup = mine;

  /// Runs it in the cgroup, with both ends of a connection, and reads all that came of it.
  std::vector<captured_chunk> run(const std::function<bool(const tcp_pair&)>& talk,
                                  int family = AF_INET) {
    records.clear();
    const auto pid = cgroup.start([&] {
      const tcp_listener listener{family};
      return talk(tcp_pair{listener}) ? 0 : 1;
    });
    return rest_of(pid);
  }

  std::vector<captured_chunk> rest_of(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
    CHECK(await_count(EVENT_TCP_CLOSED, 2));
    read_rest();
    return chunks_of(records);
  }

  /// The client says a byte; then so much of each of its sends is wanted, and nothing of others.
  said run_decided(uint16_t sent_bytes, const std::function<bool(const tcp_pair&)>& talk) {
    l7_verdict wanted{};
    wanted.bytes[0] = sent_bytes;
    return together(sent_decided(wanted, talk), 1);
  }

  /// The same, whatever is wanted of the client's sends.
  std::vector<captured_chunk> sent_decided(const l7_verdict& wanted,
                                           const std::function<bool(const tcp_pair&)>& talk) {
    records.clear();
    const gate connected;
    const gate decided;
    const auto pid = cgroup.start([&] {
      const tcp_listener listener;
      const tcp_pair pair{listener};
      const auto good = pair.client.send_bytes(1) && pair.server.receive_bytes(1);
      connected.open();
      decided.pass();
      return good && talk(pair) ? 0 : 1;
    });
    connected.pass();
    REQUIRE(await_count(EVENT_L7_CHUNK, 2));
    for (const auto& x : chunks_of(records)) {
      l7_verdict nothing{};
      nothing.opaque = 1;
      source.set_verdict(x.record.socket_cookie, x.sent() ? wanted : nothing);
    }
    decided.open();
    auto sent = of(rest_of(pid), true, true);
    REQUIRE_FALSE(sent.empty());
    sent.erase(sent.begin());
    return sent;
  }
};

} // namespace troupe
