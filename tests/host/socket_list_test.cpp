// SPDX-License-Identifier: Apache-2.0

#include "actors/host/process_list.hpp"
#include "actors/host/socket_list.hpp"
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
  const auto* listener = find(listing, pair.inode_of(pair.listener));
  const auto* client = find(listing, pair.inode_of(pair.client));
  const auto* accepted = find(listing, pair.inode_of(pair.accepted));
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
  const auto* accepted = find(listing, pair.inode_of(pair.accepted));
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
  REQUIRE(owners.contains(pair.inode_of(pair.client)));
  CHECK(owners.at(pair.inode_of(pair.client)) == self);
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
  payload += std::string{"\xff\xff\x02\x00 longer than it is", 24};
  CHECK(decode_socket(payload, socket_protocol::tcp, into));
  CHECK(into.at(0).bytes_sent == 0);
}
