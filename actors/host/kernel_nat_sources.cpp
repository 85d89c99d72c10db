// SPDX-License-Identifier: Apache-2.0
#include "actors/host/kernel_nat_sources.hpp"

#include "actors/host/bounded_file.hpp"
#include "actors/host/process_list.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {

namespace {

using std::chrono::milliseconds;

/// For so long a namespace is taken to have no flows after it had none. Entering one costs some
/// 20 us, and most containers' have no conntrack.
constexpr milliseconds quiet_for{200};
constexpr size_t namespaces_max = 16384;
/// How often it is looked whether conntrack or Cilium came.
constexpr milliseconds look_again{5000};
/// For so long the namespaces behind one are remembered.
constexpr milliseconds way_out_for{5000};
constexpr size_t ancestors_max = 64;
/// A process' start in /proc is rounded to a clock tick.
constexpr uint64_t start_tolerance_ns = 20'000'000;
constexpr size_t stat_bytes_max = 4096;

constexpr const char* cilium_folder = "/sys/fs/bpf/tc/globals";

uint64_t inode_of(const std::string& path) {
  struct stat x {};
  return stat(path.c_str(), &x) == 0 ? x.st_ino : 0;
}

std::string network_of(const std::string& host_root, uint32_t pid) {
  return host_root + "/proc/" + std::to_string(pid) + "/ns/net";
}

bool read_stat(const std::string& host_root, uint32_t pid, process_info& into) {
  const auto text =
      read_bounded(host_root + "/proc/" + std::to_string(pid) + "/stat", stat_bytes_max);
  return text && parse_process_stat(*text, into);
}

} // namespace

kernel_nat_sources::kernel_nat_sources(std::string host_root)
    : host_root_(std::move(host_root)),
      own_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
      own_namespace_(inode_of("/proc/thread-self/ns/net")),
      machine_{inode_of(network_of(host_root_, 1)), 1} {
  if (machine_.network_namespace == 0) // Not permitted: mostly we are in it.
    machine_.network_namespace = own_namespace_;
}

kernel_nat_sources::~kernel_nat_sources() {
  if (own_ >= 0)
    close(own_);
}

/// A container's first process is a child of its runtime's monitor, which lives where the runtime
/// has its bridges and rules; and that may be in a container itself.
std::vector<nat_hop> kernel_nat_sources::ancestors_of(const nat_hop& first, uint32_t parent) {
  const auto now = clock::now();
  if (ways_out_.size() >= namespaces_max)
    ways_out_.clear();
  auto& known = ways_out_[first.network_namespace];
  if (now < known.until)
    return known.hops;
  known = {{}, now + way_out_for};
  auto last = first.network_namespace;
  process_info process;
  for (size_t i = 0; i < ancestors_max && parent > 1; ++i, parent = process.parent) {
    if (!read_stat(host_root_, parent, process))
      break;
    const auto inode = inode_of(network_of(host_root_, parent));
    if (inode != 0 && inode != last)
      known.hops.push_back({last = inode, parent});
  }
  if (last != machine_.network_namespace)
    known.hops.push_back(machine_);
  return known.hops;
}

std::vector<nat_hop> kernel_nat_sources::path_of(uint32_t pid, uint64_t start_boottime_ns) {
  process_info process;
  if (!read_stat(host_root_, pid, process))
    return {};
  const auto start = process.id.start_boottime_ns;
  if (start > start_boottime_ns || start_boottime_ns - start > start_tolerance_ns)
    return {}; // Another one, with the same number.
  const nat_hop own{inode_of(network_of(host_root_, pid)), pid};
  if (own.network_namespace == 0)
    return {};
  std::vector<nat_hop> result{own};
  if (own.network_namespace == machine_.network_namespace)
    return {machine_};
  const auto outer = ancestors_of(own, process.parent);
  result.insert(result.end(), outer.begin(), outer.end());
  return result;
}

std::unique_ptr<conntrack_socket> kernel_nat_sources::open_in(const nat_hop& where,
                                                              std::string& error) {
  if (where.network_namespace == own_namespace_)
    return conntrack_socket::open(error);
  if (own_ < 0 || lost_) {
    error = "cannot enter network namespaces";
    return nullptr;
  }
  const auto path = network_of(host_root_, where.pid);
  const int there = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat x {};
  if (there < 0 || fstat(there, &x) != 0 || x.st_ino != where.network_namespace
      || setns(there, CLONE_NEWNET) != 0) {
    error = "cannot enter the network namespace of process " + std::to_string(where.pid) + ": "
            + std::strerror(errno)
            + (errno == EPERM || errno == EACCES ? "; run as root, with CAP_SYS_ADMIN" : "");
    if (there >= 0)
      close(there);
    return nullptr;
  }
  close(there);
  auto result = conntrack_socket::open(error);
  lost_ = setns(own_, CLONE_NEWNET) != 0;
  return result;
}

/// A question to a kernel without conntrack would load it.
bool kernel_nat_sources::has_conntrack() {
  const auto now = clock::now();
  if (loaded_ || (loaded_checked_ != clock::time_point{} && now - loaded_checked_ < look_again))
    return loaded_;
  loaded_checked_ = now;
  loaded_ = access((host_root_ + "/proc/sys/net/netfilter/nf_conntrack_max").c_str(), F_OK) == 0;
  return loaded_;
}

bool kernel_nat_sources::follow(const nat_hop& where, std::span<nat_flow> flows) {
  if (!has_conntrack())
    return true;
  if (where.network_namespace == machine_.network_namespace)
    return follow_in_machine(flows);
  const auto now = clock::now();
  if (const auto quiet = quiet_.find(where.network_namespace); quiet != quiet_.end()) {
    if (now < quiet->second)
      return true;
    quiet_.erase(quiet);
  }
  std::string error;
  const auto socket = open_in(where, error);
  const auto count = socket ? socket->count(error) : std::nullopt;
  if (!socket || count == 0U) {
    // Where it may not be entered nobody can tell; doctor does. It is not tried for each batch.
    if (quiet_.size() >= namespaces_max)
      quiet_.clear();
    quiet_[where.network_namespace] = now + quiet_for;
    return true;
  }
  return count && socket->follow(flows);
}

conntrack_socket* kernel_nat_sources::of_machine(std::string& error) {
  if (!of_machine_)
    of_machine_ = open_in(machine_, error);
  return of_machine_.get();
}

/// Who is refused once mostly is for good: that is no price for every batch.
bool kernel_nat_sources::follow_in_machine(std::span<nat_flow> flows) {
  const auto now = clock::now();
  if (now < refused_until_)
    return false;
  std::string error;
  auto* socket = of_machine(error);
  const auto count = socket != nullptr ? socket->count(error) : std::nullopt;
  if (count)
    return *count == 0 || socket->follow(flows);
  refused_until_ = now + look_again;
  of_machine_.reset();
  if (!std::exchange(refusal_told_, true))
    spdlog::warn("host translations-unknown {}; what is dialled counts as where it goes", error);
  return false;
}

std::string kernel_nat_sources::obstacle() {
  std::string error;
  if (auto* socket = of_machine(error); socket != nullptr && socket->count(error))
    error.clear();
  return error;
}

void kernel_nat_sources::look_for_cilium() {
  const auto now = clock::now();
  if (cilium_checked_ != clock::time_point{} && now - cilium_checked_ < look_again)
    return;
  // Opened again each time: an upgrade of Cilium may have replaced them.
  cilium_checked_ = now;
  const auto folder = host_root_ + cilium_folder;
  const bool there = access(folder.c_str(), X_OK) == 0;
  cilium4_ = there ? cilium_maps{folder, true} : cilium_maps{};
  cilium6_ = there ? cilium_maps{folder, false} : cilium_maps{};
}

bool kernel_nat_sources::has_cilium() {
  look_for_cilium();
  return cilium4_.are_there() || cilium6_.are_there();
}

cilium_maps* kernel_nat_sources::cilium_for(const nat_flow& flow) {
  look_for_cilium();
  auto& maps = is_v4(flow.destination) ? cilium4_ : cilium6_;
  return maps.are_there() ? &maps : nullptr;
}

std::optional<nat_address> kernel_nat_sources::dialled_by(uint64_t socket_cookie,
                                                          const nat_flow& flow) {
  auto* maps = cilium_for(flow);
  return maps != nullptr ? maps->dialled_by(socket_cookie, flow) : std::nullopt;
}

std::optional<nat_address> kernel_nat_sources::backend_of(const nat_flow& flow) {
  auto* maps = cilium_for(flow);
  return maps != nullptr ? maps->backend_of(flow) : std::nullopt;
}

} // namespace troupe
