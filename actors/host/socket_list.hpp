// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: console

#include "messages/identity.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class socket_protocol : uint8_t { tcp, udp };

/// A TCP or UDP socket as the kernel's socket diagnosis (sock_diag(7)) tells it.
struct socket_info {
  socket_protocol protocol = socket_protocol::tcp;
  uint8_t state = 0;  ///< the kernel's TCP_ESTABLISHED, TCP_LISTEN, ...; see socket_state_name()
  std::string local;  ///< "127.0.0.1:80", "[::]:80"
  std::string remote; ///< "0.0.0.0:0" of one that is not connected
  uint32_t inode = 0; ///< as in /proc/<pid>/fd; 0: no process has it
  uint32_t receive_queue = 0; ///< bytes that nobody has read; of a listen: waiting connections
  uint32_t send_queue = 0;    ///< bytes that the peer has not acknowledged; of a listen: backlog
  // Of TCP connections, since their beginning. Payload, as everywhere: no SYN, FIN or repetition.
  bool has_totals = false; ///< else nobody told them
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t rtt_ns = 0; ///< smoothed
  uint32_t retransmits = 0;

  [[nodiscard]] bool is_listen() const;
  /// TCP of which both sides are known and which has not ended; UDP that is connected.
  [[nodiscard]] bool is_connection() const;
};

/// "established", "listen", ...; UDP: "connected" or "bound".
[[nodiscard]] std::string_view socket_state_name(const socket_info& socket);

struct socket_listing {
  std::vector<socket_info> sockets;
  bool complete = true; ///< false: there are more than the bound, or they changed meanwhile
  std::string error;    ///< why there are none, or only what anybody may see; with what to do
};

/// The sockets of the network namespace that a process is in. Another thread enters it and ends:
/// nothing else of this process does, and needs CAP_SYS_ADMIN for it. Without that they come from
/// the process' /proc/<pid>/net, which has no totals.
[[nodiscard]] socket_listing list_sockets(const std::string& host_root, const process_id& of,
                                          size_t sockets_max = 100'000);

/// Which of these processes have a socket: by its inode. Where several have one (after a fork) the
/// first of them counts.
[[nodiscard]] std::map<uint32_t, uint32_t> socket_owners(const std::string& host_root,
                                                         const std::vector<uint32_t>& pids);

/// Appends what one message of the kernel's answer says: inet_diag_msg and its attributes. False
/// when it is too short.
[[nodiscard]] bool decode_socket(std::string_view payload, socket_protocol protocol,
                                 std::vector<socket_info>& into);

} // namespace troupe
