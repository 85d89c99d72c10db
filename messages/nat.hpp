// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where connections really go: what was dialled may be translated on its way (docker's published
// ports, Kubernetes' services).

#include "bpf/event.h"
#include "messages/identity.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace troupe {

/// One connection, or datagram socket, of a container that dialled.
struct nat_question {
  uint64_t socket_cookie = 0;
  uint32_t pid = 0; ///< of a process in its network namespace; it may be gone
  uint64_t start_boottime_ns = 0;
  bool udp = false;
  tcp_endpoint_pair ends{};
};

struct nat_questions {
  container_key container = 0;
  process_id standing; ///< one that lives on, for those that have ended; all zeros: there is none
  std::vector<nat_question> asked;
};

/// IPv4 as v4-mapped IPv6, network byte order; the port in host byte order.
struct nat_address {
  std::array<uint8_t, 16> ip{};
  uint16_t port = 0;

  friend bool operator==(const nat_address&, const nat_address&) = default;
};

struct nat_answer {
  uint64_t socket_cookie = 0;
  nat_address dialled; ///< by the application, which a socket's peer is not where it was replaced
  nat_address actual;
};

struct nat_answers {
  std::vector<nat_answer> translated; ///< all others go where their sockets say
  uint64_t unanswered = 0;            ///< of those, as far as is known
};

/// What a container made of its questions.
struct nat_counts {
  uint64_t translated = 0;
  uint64_t direct = 0;     ///< asked, and not translated
  uint64_t skipped = 0;    ///< not asked: none of the many to the same address was translated
  uint64_t unanswered = 0; ///< nobody knew in time; they count as not translated

  void add(const nat_counts& more) {
    translated += more.translated;
    direct += more.direct;
    skipped += more.skipped;
    unanswered += more.unanswered;
  }
};

} // namespace troupe
