// SPDX-License-Identifier: Apache-2.0
#include "actors/host/conntrack_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace {

/// A batch of answers, each in a buffer of the kernel's of some 4 KiB.
constexpr int receive_bytes = 1 << 20;

std::string why_not(int error) {
  std::string text = "cannot ask conntrack: ";
  text += std::strerror(error);
  if (error == EPERM || error == EACCES)
    text += "; run as root, or with the capability NET_ADMIN";
  else if (error == EINVAL || error == EPROTONOSUPPORT)
    text += "; this kernel has no nf_conntrack_netlink";
  return text;
}

std::string_view payload_of(const nlmsghdr* header) {
  return {static_cast<const char*>(mnl_nlmsg_get_payload(header)),
          mnl_nlmsg_get_payload_len(header)};
}

/// The error that a message tells, 0 when it is none.
int error_in(const nlmsghdr* header) {
  if (header->nlmsg_type != NLMSG_ERROR || payload_of(header).size() < sizeof(nlmsgerr))
    return 0;
  return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header))->error;
}

} // namespace

conntrack_socket::conntrack_socket(int fd)
    : fd_(fd), questions_(batch * conntrack_question_size), answers_(batch * answer_size) {}

conntrack_socket::~conntrack_socket() {
  close(fd_);
}

std::unique_ptr<conntrack_socket> conntrack_socket::open(std::string& error) {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
  if (fd < 0) {
    error = why_not(errno);
    return nullptr;
  }
  std::unique_ptr<conntrack_socket> result{new conntrack_socket{fd}};
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    error = why_not(errno);
    return nullptr;
  }
  // Beyond net.core.rmem_max where that is permitted; otherwise batches may lose answers, which
  // follow() tells.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof(receive_bytes)) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
  return result;
}

bool conntrack_socket::send(std::span<const std::byte> bytes) {
  return ::send(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

/// Takes up to so many messages that lie there; a socket's error is one without content.
size_t conntrack_socket::receive(size_t wanted) {
  std::array<iovec, batch> places{};
  std::array<mmsghdr, batch> messages{};
  for (size_t i = 0; i < batch; ++i) {
    places.at(i) = {answers_.data() + i * answer_size, answer_size};
    messages.at(i).msg_hdr.msg_iov = &places.at(i);
    messages.at(i).msg_hdr.msg_iovlen = 1;
  }
  const auto count = recvmmsg(fd_, messages.data(), static_cast<unsigned>(std::min(wanted, batch)),
                              MSG_DONTWAIT, nullptr);
  if (count < 0)
    return 0;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i)
    sizes_.at(i) = messages.at(i).msg_len;
  return static_cast<size_t>(count);
}

std::optional<uint32_t> conntrack_socket::count(std::string& error) {
  const auto sequence = ++sequence_;
  const auto size = put_conntrack_count_question(questions_, sequence);
  if (!send({questions_.data(), size})) {
    error = why_not(errno);
    return std::nullopt;
  }
  std::optional<uint32_t> result;
  for (size_t taken = receive(1); taken > 0; taken = receive(1)) {
    const auto* header = reinterpret_cast<const nlmsghdr*>(answers_.data());
    if (!mnl_nlmsg_ok(header, static_cast<int>(sizes_[0])) || header->nlmsg_seq != sequence)
      continue; // Of a question that was given up.
    if (const auto refused = error_in(header); refused != 0)
      error = why_not(refused);
    else
      result = decode_conntrack_count(payload_of(header));
  }
  if (!result && error.empty())
    error = "cannot ask conntrack: no answer";
  return result;
}

/// How many of the questions were answered.
size_t conntrack_socket::take_answers(std::span<nat_flow> flows, uint32_t first) {
  size_t answered = 0;
  for (auto count = receive(batch); count > 0; count = receive(batch))
    for (size_t i = 0; i < count; ++i) {
      const auto* header = reinterpret_cast<const nlmsghdr*>(answers_.data() + i * answer_size);
      if (!mnl_nlmsg_ok(header, static_cast<int>(sizes_.at(i))))
        continue;
      const auto at = header->nlmsg_seq - first;
      if (at >= flows.size())
        continue; // Of a question that was given up.
      const auto refused = error_in(header);
      if (refused != 0) {
        answered += refused == ENOENT ? 1 : 0;
      } else if (const auto entry = decode_conntrack(payload_of(header))) {
        flows[at] = translated(flows[at], *entry);
        ++answered;
      }
    }
  return answered;
}

bool conntrack_socket::follow_batch(std::span<nat_flow> flows) {
  const auto first = sequence_ + 1;
  size_t size = 0;
  for (const auto& flow : flows)
    size += put_conntrack_question(std::span{questions_}.subspan(size), flow, ++sequence_);
  return send({questions_.data(), size}) && take_answers(flows, first) == flows.size();
}

bool conntrack_socket::follow(std::span<nat_flow> flows) {
  bool complete = true;
  while (!flows.empty()) {
    const auto part = flows.first(std::min(flows.size(), batch));
    complete = follow_batch(part) && complete;
    flows = flows.subspan(part.size());
  }
  return complete;
}

} // namespace troupe
