// SPDX-License-Identifier: Apache-2.0
#pragma once

// The messages of ctnetlink that ask for one flow, and what the kernel answers
// (linux/netfilter/nfnetlink_conntrack.h). No sockets here.

#include "messages/nat.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace troupe {

/// One direction of a flow. Both addresses are of one family.
struct nat_flow {
  nat_address source;
  nat_address destination;
  bool udp = false;

  friend bool operator==(const nat_flow&, const nat_flow&) = default;
};

/// As the one who dialled sees it.
[[nodiscard]] nat_flow flow_of(const nat_question& question);

/// Whether the address is IPv4, v4-mapped.
[[nodiscard]] bool is_v4(const nat_address& x);
/// Whether it never leaves its network namespace.
[[nodiscard]] bool is_loopback(const nat_address& x);

/// What conntrack has of a flow.
struct conntrack_entry {
  nat_flow original;
  nat_flow reply; ///< as the answers come: from where it really went
};

/// Room that one question takes at most.
inline constexpr size_t conntrack_question_size = 256;

/// Writes the question for the flow with this original direction; `into` has that room, aligned for
/// nlmsghdr. Returns the size.
size_t put_conntrack_question(std::span<std::byte> into, const nat_flow& original,
                              uint32_t sequence);

/// Writes the question for how many flows there are.
size_t put_conntrack_count_question(std::span<std::byte> into, uint32_t sequence);

/// The payload of an answer, nfgenmsg first; nothing when it is not a flow of TCP or UDP.
[[nodiscard]] std::optional<conntrack_entry> decode_conntrack(std::string_view payload);
[[nodiscard]] std::optional<uint32_t> decode_conntrack_count(std::string_view payload);

/// Where the flow goes on behind this translation: with the source and the destination that its
/// packets have from there on. Unchanged when the entry is not the flow's.
[[nodiscard]] nat_flow translated(const nat_flow& flow, const conntrack_entry& entry);

} // namespace troupe
