// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/host/socket_list.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Takes the sockets of a /proc/<pid>/net/tcp, tcp6, udp or udp6 file; lines that are not
/// understood are passed over. It has no totals.
void parse_socket_table(std::string_view text, socket_protocol protocol,
                        std::vector<socket_info>& into);

/// The sockets of the network namespace that a process is in, for who may not enter it.
void read_socket_tables(const std::string& host_root, uint32_t pid, size_t sockets_max,
                        socket_listing& into);

} // namespace troupe
