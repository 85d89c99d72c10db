// SPDX-License-Identifier: Apache-2.0
#include "actors/host/socket_table.hpp"

#include "actors/host/bounded_file.hpp"
#include "actors/host/socket_address.hpp"
#include "actors/host/text_parts.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include <arpa/inet.h>

namespace troupe {

namespace {

constexpr size_t table_bytes_max = 64U << 20; // Some 150 bytes a socket.
constexpr uint8_t time_wait = 6;

std::optional<uint32_t> parse_hex(std::string_view text) {
  uint32_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, 16);
  return error == std::errc{} && rest == end && !text.empty() ? std::optional{number}
                                                              : std::nullopt;
}

/// "0100007F:1F90": words of the address as this machine's numbers, then the port. IPv6 has four.
std::optional<std::string> parse_endpoint(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos || (colon != 8 && colon != 32))
    return {};
  std::array<uint32_t, 4> address{};
  for (size_t i = 0; i < colon / 8; ++i) {
    const auto word = parse_hex(text.substr(i * 8, 8));
    if (!word)
      return {};
    address[i] = *word;
  }
  const auto port = parse_hex(text.substr(colon + 1));
  if (!port || *port > UINT16_MAX)
    return {};
  return endpoint_text(colon == 8 ? AF_INET : AF_INET6, address.data(),
                       static_cast<uint16_t>(*port));
}

} // namespace

void parse_socket_table(std::string_view text, socket_protocol protocol,
                        std::vector<socket_info>& into) {
  for (auto line : split_text(text, '\n')) {
    // sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode ...
    const auto fields = split_text(line, ' ');
    if (fields.size() < 10 || !fields[0].ends_with(':'))
      continue;
    auto local = parse_endpoint(fields[1]);
    auto remote = parse_endpoint(fields[2]);
    const auto state = parse_hex(fields[3]);
    const auto colon = fields[4].find(':');
    const auto inode = parse_unsigned(fields[9]);
    if (!local || !remote || !state || *state > UINT8_MAX || colon == line.npos || !inode
        || *inode > UINT32_MAX || *state == time_wait)
      continue;
    socket_info socket;
    socket.protocol = protocol;
    socket.state = static_cast<uint8_t>(*state);
    socket.local = std::move(*local);
    socket.remote = std::move(*remote);
    socket.inode = static_cast<uint32_t>(*inode);
    socket.send_queue = parse_hex(fields[4].substr(0, colon)).value_or(0);
    socket.receive_queue = parse_hex(fields[4].substr(colon + 1)).value_or(0);
    into.push_back(std::move(socket));
  }
}

void read_socket_tables(const std::string& host_root, uint32_t pid, size_t sockets_max,
                        socket_listing& into) {
  constexpr std::array<std::pair<const char*, socket_protocol>, 4> tables{
      {{"tcp", socket_protocol::tcp},
       {"tcp6", socket_protocol::tcp},
       {"udp", socket_protocol::udp},
       {"udp6", socket_protocol::udp}}};
  for (const auto& [name, protocol] : tables) {
    const auto path = host_root + "/proc/" + std::to_string(pid) + "/net/" + name;
    if (const auto text = read_bounded(path, table_bytes_max))
      parse_socket_table(*text, protocol, into.sockets);
  }
  if (into.sockets.size() > sockets_max) {
    into.sockets.resize(sockets_max);
    into.complete = false;
  }
}

} // namespace troupe
