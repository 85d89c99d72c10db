// SPDX-License-Identifier: Apache-2.0
#include "actors/host/conntrack_message.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

namespace troupe {

namespace {

constexpr std::array<uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

nat_address address_of(const __u8 (&ip)[16], uint16_t port) {
  nat_address result;
  std::memcpy(result.ip.data(), ip, sizeof(ip));
  result.port = port;
  return result;
}

nlmsghdr* put_header(std::span<std::byte> into, uint16_t type, uint8_t family, uint32_t sequence) {
  auto* header = mnl_nlmsg_put_header(into.data());
  header->nlmsg_type = static_cast<uint16_t>((NFNL_SUBSYS_CTNETLINK << 8U) | type);
  header->nlmsg_flags = NLM_F_REQUEST; // One answer each: the flow, or an error.
  header->nlmsg_seq = sequence;
  auto* general = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  general->nfgen_family = family;
  general->version = NFNETLINK_V0;
  return header;
}

void put_addresses(nlmsghdr* header, const nat_flow& x) {
  auto* nest = mnl_attr_nest_start(header, CTA_TUPLE_IP);
  if (is_v4(x.source)) {
    mnl_attr_put(header, CTA_IP_V4_SRC, 4, x.source.ip.data() + v4_prefix.size());
    mnl_attr_put(header, CTA_IP_V4_DST, 4, x.destination.ip.data() + v4_prefix.size());
  } else {
    mnl_attr_put(header, CTA_IP_V6_SRC, 16, x.source.ip.data());
    mnl_attr_put(header, CTA_IP_V6_DST, 16, x.destination.ip.data());
  }
  mnl_attr_nest_end(header, nest);
}

/// Walks attributes; stops at the first that does not fit.
template <class Function>
void for_each_attribute(std::string_view bytes, Function&& function) {
  while (bytes.size() >= sizeof(nlattr)) {
    nlattr attribute{};
    std::memcpy(&attribute, bytes.data(), sizeof(attribute));
    if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > bytes.size())
      return;
    function(attribute.nla_type & NLA_TYPE_MASK,
             bytes.substr(sizeof(attribute), attribute.nla_len - sizeof(attribute)));
    bytes.remove_prefix(std::min<size_t>(bytes.size(), MNL_ALIGN(attribute.nla_len)));
  }
}

void take_ip(std::string_view value, nat_address& into, bool& taken) {
  if (value.size() == 4) {
    std::copy(v4_prefix.begin(), v4_prefix.end(), into.ip.begin());
    std::memcpy(into.ip.data() + v4_prefix.size(), value.data(), value.size());
  } else if (value.size() == into.ip.size()) {
    std::memcpy(into.ip.data(), value.data(), value.size());
  } else {
    return;
  }
  taken = true;
}

void take_port(std::string_view value, nat_address& into, bool& taken) {
  uint16_t port = 0;
  if (value.size() != sizeof(port))
    return;
  std::memcpy(&port, value.data(), sizeof(port));
  into.port = ntohs(port);
  taken = true;
}

std::optional<nat_flow> decode_tuple(std::string_view tuple) {
  nat_flow result;
  std::array<bool, 5> taken{};
  for_each_attribute(tuple, [&](int type, std::string_view nested) {
    if (type == CTA_TUPLE_IP)
      for_each_attribute(nested, [&](int kind, std::string_view value) {
        if (kind == CTA_IP_V4_SRC || kind == CTA_IP_V6_SRC)
          take_ip(value, result.source, taken[0]);
        else if (kind == CTA_IP_V4_DST || kind == CTA_IP_V6_DST)
          take_ip(value, result.destination, taken[1]);
      });
    else if (type == CTA_TUPLE_PROTO)
      for_each_attribute(nested, [&](int kind, std::string_view value) {
        if (kind == CTA_PROTO_SRC_PORT) {
          take_port(value, result.source, taken[2]);
        } else if (kind == CTA_PROTO_DST_PORT) {
          take_port(value, result.destination, taken[3]);
        } else if (kind == CTA_PROTO_NUM && value.size() == 1) {
          const auto protocol = static_cast<uint8_t>(value[0]);
          result.udp = protocol == IPPROTO_UDP;
          taken[4] = result.udp || protocol == IPPROTO_TCP;
        }
      });
  });
  if (!std::all_of(taken.begin(), taken.end(), [](bool x) { return x; }))
    return std::nullopt;
  return result;
}

} // namespace

bool is_v4(const nat_address& x) {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), x.ip.begin());
}

bool is_loopback(const nat_address& x) {
  constexpr std::array<uint8_t, 16> v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return is_v4(x) ? x.ip[12] == 127 : x.ip == v6;
}

nat_flow flow_of(const nat_question& question) {
  return {address_of(question.ends.local, question.ends.local_port),
          address_of(question.ends.remote, question.ends.remote_port), question.udp};
}

size_t put_conntrack_question(std::span<std::byte> into, const nat_flow& original,
                              uint32_t sequence) {
  const auto family = static_cast<uint8_t>(is_v4(original.source) ? AF_INET : AF_INET6);
  auto* header = put_header(into, IPCTNL_MSG_CT_GET, family, sequence);
  auto* tuple = mnl_attr_nest_start(header, CTA_TUPLE_ORIG);
  put_addresses(header, original);
  auto* protocol = mnl_attr_nest_start(header, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(header, CTA_PROTO_NUM, original.udp ? IPPROTO_UDP : IPPROTO_TCP);
  mnl_attr_put_u16(header, CTA_PROTO_SRC_PORT, htons(original.source.port));
  mnl_attr_put_u16(header, CTA_PROTO_DST_PORT, htons(original.destination.port));
  mnl_attr_nest_end(header, protocol);
  mnl_attr_nest_end(header, tuple);
  return header->nlmsg_len;
}

size_t put_conntrack_count_question(std::span<std::byte> into, uint32_t sequence) {
  return put_header(into, IPCTNL_MSG_CT_GET_STATS, AF_UNSPEC, sequence)->nlmsg_len;
}

std::optional<conntrack_entry> decode_conntrack(std::string_view payload) {
  if (payload.size() < sizeof(nfgenmsg))
    return std::nullopt;
  std::optional<nat_flow> original;
  std::optional<nat_flow> reply;
  for_each_attribute(payload.substr(sizeof(nfgenmsg)), [&](int type, std::string_view value) {
    if (type == CTA_TUPLE_ORIG)
      original = decode_tuple(value);
    else if (type == CTA_TUPLE_REPLY)
      reply = decode_tuple(value);
  });
  if (!original || !reply)
    return std::nullopt;
  return conntrack_entry{*original, *reply};
}

std::optional<uint32_t> decode_conntrack_count(std::string_view payload) {
  if (payload.size() < sizeof(nfgenmsg))
    return std::nullopt;
  std::optional<uint32_t> result;
  for_each_attribute(payload.substr(sizeof(nfgenmsg)), [&](int type, std::string_view value) {
    uint32_t count = 0;
    if (type != CTA_STATS_GLOBAL_ENTRIES || value.size() != sizeof(count))
      return;
    std::memcpy(&count, value.data(), sizeof(count));
    result = ntohl(count);
  });
  return result;
}

nat_flow translated(const nat_flow& flow, const conntrack_entry& entry) {
  // The kernel finds a flow by either of its directions.
  if (entry.original != flow)
    return flow;
  return {entry.reply.destination, entry.reply.source, flow.udp};
}

} // namespace troupe
