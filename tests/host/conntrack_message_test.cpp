// SPDX-License-Identifier: Apache-2.0
#include "actors/host/conntrack_message.hpp"

#include "tests/host/scripted_nat.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace troupe;

namespace {

std::string attribute(uint16_t type, const std::string& value) {
  const auto size = static_cast<uint16_t>(4 + value.size());
  std::string result{reinterpret_cast<const char*>(&size), 2};
  result.append(reinterpret_cast<const char*>(&type), 2);
  result += value;
  result.resize((result.size() + 3) / 4 * 4);
  return result;
}
std::string port(uint16_t x) {
  return {static_cast<char>(x >> 8U), static_cast<char>(x)};
}
std::string ip(const nat_address& x) {
  const std::string bytes{x.ip.begin(), x.ip.end()};
  return is_v4(x) ? bytes.substr(12) : bytes;
}

// Numbers of linux/netfilter/nfnetlink_conntrack.h; 0x8000 says that attributes are nested.
std::string tuple(uint16_t type, const nat_flow& x, char protocol) {
  const bool v4 = is_v4(x.source);
  return attribute(type | 0x8000U,
                   attribute(1 | 0x8000U, attribute(v4 ? 1 : 3, ip(x.source))
                                              + attribute(v4 ? 2 : 4, ip(x.destination)))
                       + attribute(2 | 0x8000U, attribute(1, std::string(1, protocol))
                                                    + attribute(2, port(x.source.port))
                                                    + attribute(3, port(x.destination.port))));
}
std::string answer(const nat_flow& original, const nat_flow& reply, char protocol = 6) {
  return std::string(4, '\0') + tuple(1, original, protocol) + tuple(2, reply, protocol)
         + attribute(3, std::string(4, '\1')); // The status, which nobody needs.
}

const nat_flow dialled{address("10.0.0.2", 40000), address("10.96.0.10", 80), false};
const nat_flow replied{address("10.1.0.7", 8080), address("10.0.0.2", 40000), false};
const nat_flow dialled6{address("fd00::2", 40000), address("fd00:96::a", 53), true};
const nat_flow replied6{address("fd00:1::7", 5353), address("fd00::99", 1024), true};

} // namespace

TEST_CASE("conntrack: what the kernel says of a flow") {
  const auto entry = decode_conntrack(answer(dialled, replied));
  REQUIRE(entry);
  CHECK(entry->original == dialled);
  CHECK(entry->reply == replied);
  const auto entry6 = decode_conntrack(answer(dialled6, replied6, 17));
  REQUIRE(entry6);
  CHECK(entry6->original == dialled6);
  CHECK(entry6->reply == replied6);
}

TEST_CASE("conntrack: a flow goes on with the source and the destination of its replies") {
  CHECK(translated(dialled, {dialled, replied})
        == nat_flow{dialled.source, address("10.1.0.7", 8080), false});
  // Masqueraded as well.
  CHECK(translated(dialled6, {dialled6, replied6})
        == nat_flow{address("fd00::99", 1024), address("fd00:1::7", 5353), true});
  // Found by the direction of its replies, or somebody else's: not ours.
  CHECK(translated(replied, {dialled, replied}) == replied);
}

TEST_CASE("conntrack: what is not a flow of TCP or UDP, or is cut, is none") {
  const auto whole = answer(dialled, replied);
  CHECK_FALSE(decode_conntrack(answer(dialled, replied, 1)));
  CHECK_FALSE(decode_conntrack({}));
  for (size_t size = 0; size < whole.size() - 8; ++size) // The last 8 bytes are the status.
    CHECK_FALSE(decode_conntrack(std::string_view{whole}.substr(0, size)));
  CHECK(decode_conntrack(whole));
}

TEST_CASE("conntrack: how many flows there are") {
  const std::string count = std::string(4, '\0') + attribute(1, std::string{"\0\0\1\2", 4});
  CHECK(decode_conntrack_count(count) == 258U);
  CHECK_FALSE(decode_conntrack_count(std::string(4, '\0')));
  CHECK_FALSE(decode_conntrack_count(std::string(4, '\0') + attribute(1, "12")));
}

TEST_CASE("conntrack: a question names the flow as its answer does") {
  for (const auto& flow : {dialled, dialled6}) {
    alignas(8) std::array<std::byte, conntrack_question_size> room{};
    const auto size = put_conntrack_question(room, flow, 9);
    REQUIRE(size <= room.size());
    CHECK(size % 4 == 0);
    // Behind the netlink header come nfgenmsg and the original tuple; we add a reply.
    std::string payload{reinterpret_cast<const char*>(room.data()) + 16, size - 16};
    CHECK_FALSE(decode_conntrack(payload));
    const auto entry = decode_conntrack(payload + tuple(2, flow, flow.udp ? 17 : 6));
    REQUIRE(entry);
    CHECK(entry->original == flow);
  }
}

TEST_CASE("conntrack: loopback addresses") {
  CHECK(is_loopback(address("127.0.0.11", 53)));
  CHECK(is_loopback(address("::1", 53)));
  CHECK_FALSE(is_loopback(address("10.0.0.1", 53)));
  CHECK_FALSE(is_loopback(address("fd00::1", 53)));
}
