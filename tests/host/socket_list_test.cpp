// SPDX-License-Identifier: Apache-2.0

#include "actors/host/process_list.hpp"
#include "actors/host/socket_list.hpp"
#include "actors/host/socket_table.hpp"
#include "tests/host/loopback_connection.hpp"

#include <algorithm>
#include <cstring>

#include <linux/inet_diag.h>

using namespace troupe;

namespace {

process_id this_process() {
  const auto self = read_process("", static_cast<uint32_t>(getpid()), "");
  REQUIRE(self);
  return self->id;
}

const socket_info* find(const socket_listing& listing, uint32_t inode) {
  const auto found = std::find_if(listing.sockets.begin(), listing.sockets.end(),
                                  [&](const socket_info& x) { return x.inode == inode; });
  return found == listing.sockets.end() ? nullptr : &*found;
}

} // namespace

TEST_CASE("sockets: a listen and both ends of a connection, with exact bytes") {
  const loopback_connection pair;
  REQUIRE(pair.ready);
  const auto listing = list_sockets("", this_process());
  REQUIRE(listing.error.empty());
  const auto* listener = find(listing, loopback_connection::inode_of(pair.listener));
  const auto* client = find(listing, loopback_connection::inode_of(pair.client));
  const auto* accepted = find(listing, loopback_connection::inode_of(pair.accepted));
  REQUIRE(listener != nullptr);
  REQUIRE(client != nullptr);
  REQUIRE(accepted != nullptr);
  CHECK(listener->is_listen());
  CHECK_FALSE(listener->is_connection());
  CHECK(socket_state_name(*listener) == "listen");
  CHECK(listener->local == pair.name_of(pair.listener));
  CHECK(listener->remote == "0.0.0.0:0");
  CHECK(listener->send_queue == 7); // The backlog that was asked for.
  CHECK(client->is_connection());
  CHECK(socket_state_name(*client) == "established");
  CHECK(client->local == pair.name_of(pair.client));
  CHECK(client->remote == pair.name_of(pair.listener));
  CHECK(client->bytes_sent == 5);
  CHECK(client->bytes_received == 3);
  CHECK(client->rtt_ns > 0);
  CHECK(client->retransmits == 0);
  CHECK(accepted->bytes_sent == 3);
  CHECK(accepted->bytes_received == 5);
  CHECK(accepted->remote == pair.name_of(pair.client));
}

TEST_CASE("sockets: a FIN is no byte") {
  const loopback_connection pair;
  REQUIRE(pair.ready);
  REQUIRE(shutdown(pair.client, SHUT_WR) == 0);
  char none = 0;
  REQUIRE(recv(pair.accepted, &none, 1, 0) == 0);
  const auto listing = list_sockets("", this_process());
  const auto* accepted = find(listing, loopback_connection::inode_of(pair.accepted));
  REQUIRE(accepted != nullptr);
  CHECK(socket_state_name(*accepted) == "close_wait");
  CHECK(accepted->is_connection());
  CHECK(accepted->bytes_received == 5);
}

TEST_CASE("sockets: IPv6 and UDP have their names") {
  const int six = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_in any{AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
  REQUIRE(bind(datagrams, reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0);
  const bool has_six = six >= 0 && listen(six, 1) == 0; // Binds to [::] and a free port.
  const auto listing = list_sockets("", this_process());
  if (has_six) {
    const auto* x = find(listing, loopback_connection::inode_of(six));
    REQUIRE(x != nullptr);
    CHECK(x->local.starts_with("[::]:"));
  }
  const auto* x = find(listing, loopback_connection::inode_of(datagrams));
  REQUIRE(x != nullptr);
  CHECK(x->protocol == socket_protocol::udp);
  CHECK(x->is_listen());
  CHECK(socket_state_name(*x) == "bound");
  CHECK(x->local == loopback_connection::name_of(datagrams));
  close(six);
  close(datagrams);
}

TEST_CASE("sockets: the owner is who has the descriptor") {
  const loopback_connection pair;
  REQUIRE(pair.ready);
  const auto self = static_cast<uint32_t>(getpid());
  const auto owners = socket_owners("", {self, 0x7fffffff});
  REQUIRE(owners.contains(loopback_connection::inode_of(pair.client)));
  CHECK(owners.at(loopback_connection::inode_of(pair.client)) == self);
}

TEST_CASE("sockets: bounded, and not those of another process with the same pid") {
  const loopback_connection pair;
  auto self = this_process();
  const auto cut = list_sockets("", self, 1);
  CHECK(cut.sockets.size() == 1);
  CHECK_FALSE(cut.complete);
  ++self.start_boottime_ns;
  const auto none = list_sockets("", self);
  CHECK(none.sockets.empty());
  CHECK(none.error == "process " + std::to_string(self.pid) + " has ended");
}

TEST_CASE("sockets: what is too short or of another family is none") {
  std::vector<socket_info> into;
  inet_diag_msg message{};
  message.idiag_family = AF_UNIX;
  std::string payload(sizeof(message), '\0');
  std::memcpy(payload.data(), &message, sizeof(message));
  CHECK_FALSE(decode_socket(payload, socket_protocol::tcp, into));
  CHECK_FALSE(decode_socket({payload.data(), payload.size() - 1}, socket_protocol::tcp, into));
  CHECK(into.empty());
  message.idiag_family = AF_INET;
  std::memcpy(payload.data(), &message, sizeof(message));
  payload += std::string{"\xff\xff\x02\x00 longer than it is", 22};
  CHECK(decode_socket(payload, socket_protocol::tcp, into));
  CHECK(into.at(0).bytes_sent == 0);
}

TEST_CASE("sockets: the tables of /proc, for who may not enter a namespace") {
  std::vector<socket_info> sockets;
  parse_socket_table(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 "
      "4711 1 0 100 0 0 10 0\n"
      "   1: 0100007F:1F90 0100007F:9C40 01 00000005:00000000 00:00000000 00000000     0        0 "
      "4712 1 0 20 4 30 10 -1\n"
      "   2: 0100007F:1F90 0100007F:9C41 06 00000000:00000000 03:00001770 00000000     0        0 "
      "0 3 0\n"
      "   3: xx00007F:1F90 0100007F:9C41 01 00000000:00000000 00:0 0 0 0 7\n   4: too short\n",
      socket_protocol::tcp, sockets);
  parse_socket_table(
      "  7: 00000000000000000000000001000000:0035 0000000000000000FFFF00000100007F:1F90 01 "
      "00000000:00000009 00:00000000 00000000   101        0 99 2 0 0\n",
      socket_protocol::udp, sockets);
  REQUIRE(sockets.size() == 3);
  CHECK(sockets[0].is_listen());
  CHECK(sockets[0].local == "127.0.0.1:8080");
  CHECK(sockets[0].inode == 4711);
  CHECK(sockets[0].receive_queue == 2);
  CHECK(sockets[1].is_connection());
  CHECK(sockets[1].remote == "127.0.0.1:40000");
  CHECK(sockets[1].send_queue == 5);
  CHECK_FALSE(sockets[1].has_totals);
  CHECK(socket_state_name(sockets[2]) == "connected");
  CHECK(sockets[2].local == "[::1]:53");
  CHECK(sockets[2].remote == "127.0.0.1:8080");
}

TEST_CASE("sockets: the tables say the same as the kernel's diagnosis") {
  const loopback_connection pair;
  REQUIRE(pair.ready);
  socket_listing listing;
  read_socket_tables("", static_cast<uint32_t>(getpid()), 100'000, listing);
  const auto* client = find(listing, loopback_connection::inode_of(pair.client));
  REQUIRE(client != nullptr);
  CHECK(client->local == pair.name_of(pair.client));
  CHECK(client->remote == pair.name_of(pair.listener));
  CHECK(find(listing, loopback_connection::inode_of(pair.listener))->is_listen());
}
