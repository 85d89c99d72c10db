// SPDX-License-Identifier: Apache-2.0
#include "actors/host/socket_list.hpp"

#include "actors/host/process_list.hpp"
#include "actors/host/socket_address.hpp"
#include "actors/host/socket_table.hpp"
#include "actors/host/text_parts.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

namespace troupe {

namespace {

// include/net/tcp_states.h; the values are part of the kernel's interface.
constexpr std::array<std::string_view, 13> tcp_states{
    "unknown", "established", "syn_sent", "syn_received", "fin_wait1", "fin_wait2",   "time_wait",
    "close",   "close_wait",  "last_ack", "listen",       "closing",   "syn_received"};
constexpr uint8_t established = 1;
constexpr uint8_t time_wait = 6;
constexpr uint8_t closed = 7;
constexpr uint8_t close_wait = 8;
constexpr uint8_t last_ack = 9;
constexpr uint8_t listening = 10;
constexpr uint8_t closing = 11;

/// All but TIME_WAIT: there are as many as somebody likes to make, and nobody owns them.
constexpr uint32_t wanted_states = 0xffffffffU & ~(1U << time_wait);

/// The kernel answers at once; this is for one that is out of memory.
constexpr timeval answer_timeout{2, 0};
constexpr size_t fds_max = 1'000'000;

/// `info` is as long as the kernel's; what it does not have stays 0.
void take_tcp_info(const tcp_info& info, socket_info& into) {
  // tcp_fin() counts the FIN as a received byte.
  const bool fin = into.state == close_wait || into.state == last_ack || into.state == closing;
  into.bytes_sent = info.tcpi_bytes_sent - std::min(info.tcpi_bytes_sent, info.tcpi_bytes_retrans);
  into.bytes_received = info.tcpi_bytes_received - (fin && info.tcpi_bytes_received > 0 ? 1 : 0);
  into.has_totals = true;
  into.rtt_ns = uint64_t{info.tcpi_rtt} * 1000;
  into.retransmits = info.tcpi_total_retrans;
}

struct descriptor {
  int fd = -1;
  explicit descriptor(int x) : fd(x) {}
  ~descriptor() {
    if (fd >= 0)
      close(fd);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
};

using netlink_socket = std::unique_ptr<mnl_socket, int (*)(mnl_socket*)>;

struct dump {
  socket_listing& into;
  size_t sockets_max;
  socket_protocol protocol = socket_protocol::tcp;
};

int take_message(const nlmsghdr* header, void* data) {
  auto& to = *static_cast<dump*>(data);
  if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
    to.into.complete = false;
  if (to.into.sockets.size() >= to.sockets_max) {
    to.into.complete = false;
    return MNL_CB_STOP;
  }
  const std::string_view payload{static_cast<const char*>(mnl_nlmsg_get_payload(header)),
                                 mnl_nlmsg_get_payload_len(header)};
  static_cast<void>(decode_socket(payload, to.protocol, to.into.sockets));
  return MNL_CB_OK;
}

bool ask(mnl_socket* kernel, uint8_t family, dump& to) {
  std::array<char, 1024> request{};
  auto* header = mnl_nlmsg_put_header(request.data());
  header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header->nlmsg_seq = family;
  auto* question =
      static_cast<inet_diag_req_v2*>(mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req_v2)));
  question->sdiag_family = family;
  question->sdiag_protocol = to.protocol == socket_protocol::tcp ? IPPROTO_TCP : IPPROTO_UDP;
  question->idiag_ext = 1U << (INET_DIAG_INFO - 1);
  question->idiag_states = wanted_states;
  if (mnl_socket_sendto(kernel, header, header->nlmsg_len) < 0)
    return false;
  std::array<char, 32768> answer{};
  const auto port = mnl_socket_get_portid(kernel);
  for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
    const auto size = mnl_socket_recvfrom(kernel, answer.data(), answer.size());
    if (size < 0)
      return false;
    more = mnl_cb_run(answer.data(), static_cast<size_t>(size), family, port, take_message, &to);
    // A kernel without IPv6, or without UDP's diagnosis; the rest is told all the same.
    if (more < 0)
      return errno == ENOENT && (family == AF_INET6 || to.protocol == socket_protocol::udp);
  }
  return true;
}

/// In the network namespace of the calling thread.
void list_here(socket_listing& into, size_t sockets_max) {
  dump to{into, sockets_max};
  for (const auto protocol : {socket_protocol::tcp, socket_protocol::udp})
    for (const uint8_t family : {AF_INET, AF_INET6}) {
      // A socket a question: one that was given up may still have an answer under way.
      const netlink_socket kernel{mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC),
                                  mnl_socket_close};
      to.protocol = protocol;
      if (!kernel || mnl_socket_bind(kernel.get(), 0, MNL_SOCKET_AUTOPID) < 0
          || setsockopt(mnl_socket_get_fd(kernel.get()), SOL_SOCKET, SO_RCVTIMEO, &answer_timeout,
                        sizeof(answer_timeout))
                 != 0
          || !ask(kernel.get(), family, to)) {
        into.complete = false;
        into.error = std::string{"cannot read the sockets of a network namespace: "}
                     + std::strerror(errno) + "; the kernel needs inet_diag (modprobe tcp_diag)";
        return;
      }
    }
}

bool same_file(int a, int b) {
  struct stat x {};
  struct stat y {};
  return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

std::string why_not_entered(uint32_t pid, int error) {
  return "cannot enter the network namespace of process " + std::to_string(pid) + ": "
         + std::strerror(error)
         + (error == EPERM || error == EACCES ? "; run as root, with CAP_SYS_ADMIN" : "");
}

/// What anybody may read of it.
void list_from_outside(const std::string& host_root, uint32_t pid, int error, size_t sockets_max,
                       socket_listing& into) {
  into.error = why_not_entered(pid, error) + "; its sockets are shown without their totals";
  read_socket_tables(host_root, pid, sockets_max, into);
}

} // namespace

bool socket_info::is_listen() const {
  return protocol == socket_protocol::tcp ? state == listening : state != established;
}

bool socket_info::is_connection() const {
  return protocol == socket_protocol::tcp
             ? state != listening && state != closed && state != time_wait
             : state == established;
}

std::string_view socket_state_name(const socket_info& socket) {
  if (socket.protocol == socket_protocol::udp)
    return socket.state == established ? "connected" : "bound";
  return socket.state < tcp_states.size() ? tcp_states[socket.state] : tcp_states[0];
}

bool decode_socket(std::string_view payload, socket_protocol protocol,
                   std::vector<socket_info>& into) {
  inet_diag_msg message{};
  if (payload.size() < sizeof(message))
    return false;
  std::memcpy(&message, payload.data(), sizeof(message));
  if (message.idiag_family != AF_INET && message.idiag_family != AF_INET6)
    return false;
  socket_info result;
  result.protocol = protocol;
  result.state = message.idiag_state;
  result.local =
      endpoint_text(message.idiag_family, message.id.idiag_src, ntohs(message.id.idiag_sport));
  result.remote =
      endpoint_text(message.idiag_family, message.id.idiag_dst, ntohs(message.id.idiag_dport));
  result.inode = message.idiag_inode;
  result.receive_queue = message.idiag_rqueue;
  result.send_queue = message.idiag_wqueue;
  payload.remove_prefix(std::min<size_t>(payload.size(), MNL_ALIGN(sizeof(message))));
  while (payload.size() >= sizeof(nlattr)) {
    nlattr attribute{};
    std::memcpy(&attribute, payload.data(), sizeof(attribute));
    if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > payload.size())
      break;
    if (attribute.nla_type == INET_DIAG_INFO && protocol == socket_protocol::tcp) {
      tcp_info info{};
      std::memcpy(&info, payload.data() + sizeof(attribute),
                  std::min(attribute.nla_len - sizeof(attribute), sizeof(info)));
      take_tcp_info(info, result);
    }
    payload.remove_prefix(std::min<size_t>(payload.size(), MNL_ALIGN(attribute.nla_len)));
  }
  into.push_back(std::move(result));
  return true;
}

socket_listing list_sockets(const std::string& host_root, const process_id& of,
                            size_t sockets_max) {
  socket_listing result;
  const auto folder = host_root + "/proc/" + std::to_string(of.pid);
  const descriptor there{open((folder + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC)};
  const int opened = errno;
  const auto now = read_process(host_root, of.pid, "");
  if (!now || now->id != of) {
    result.error = "process " + std::to_string(of.pid) + " has ended";
    return result;
  }
  if (there.fd < 0) {
    list_from_outside(host_root, of.pid, opened, sockets_max, result);
    return result;
  }
  const descriptor here{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (same_file(here.fd, there.fd)) {
    list_here(result, sockets_max);
    return result;
  }
  int refused = 0;
  try {
    std::thread{[&] { // Namespaces are a thread's own, and this one ends with it.
      if (setns(there.fd, CLONE_NEWNET) == 0)
        list_here(result, sockets_max);
      else
        refused = errno;
    }}
        .join();
  } catch (const std::system_error& error) {
    refused = error.code().value();
  }
  if (refused != 0)
    list_from_outside(host_root, of.pid, refused, sockets_max, result);
  return result;
}

std::map<uint32_t, uint32_t> socket_owners(const std::string& host_root,
                                           const std::vector<uint32_t>& pids) {
  std::map<uint32_t, uint32_t> owners;
  size_t seen = 0;
  for (const auto pid : pids) {
    std::error_code failed;
    std::filesystem::directory_iterator entry{host_root + "/proc/" + std::to_string(pid) + "/fd",
                                              failed};
    for (; !failed && entry != std::filesystem::directory_iterator{} && seen < fds_max;
         entry.increment(failed), ++seen) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(entry->path(), gone).native();
      if (gone || !target.starts_with("socket:[") || !target.ends_with(']'))
        continue;
      const auto inode = parse_unsigned(std::string_view{target}.substr(8, target.size() - 9));
      if (inode && *inode <= UINT32_MAX)
        owners.emplace(static_cast<uint32_t>(*inode), pid);
    }
  }
  return owners;
}

} // namespace troupe
