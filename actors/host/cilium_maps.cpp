// SPDX-License-Identifier: Apache-2.0
#include "actors/host/cilium_maps.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <netinet/in.h>
#include <unistd.h>

namespace troupe {

namespace {

constexpr size_t v4_at = 12; ///< of the address in a v4-mapped one
constexpr std::byte service_entry{4};

/// Layouts by address size (4 or 16).
constexpr size_t reverse_key_size(size_t address) {
  return (8 + address + 2 + 2 + 7) / 8 * 8; // cookie, address, port, padding
}
constexpr size_t tuple_size(size_t address) {
  return 2 * address + 2 + 2 + 1 + 1; // packed: addresses, ports, protocol, flags
}
constexpr size_t entry_size = 56;
constexpr size_t backend_id_at = 8;

size_t address_size(bool v4) {
  return v4 ? 4 : 16;
}

/// Appends to a key.
class key_writer {
public:
  void put(const void* from, size_t size) {
    std::memcpy(bytes_.data() + used_, from, size);
    used_ += size;
  }
  void put_ip(const nat_address& x, bool v4) {
    put(x.ip.data() + (v4 ? v4_at : 0), address_size(v4));
  }
  void put_port(uint16_t port) {
    const uint16_t raw = htons(port);
    put(&raw, sizeof(raw));
  }
  [[nodiscard]] const std::byte* data() const { return bytes_.data(); }

private:
  std::array<std::byte, 64> bytes_{}; ///< what is not written is padding: 0
  size_t used_ = 0;
};

/// An address with a port behind it.
nat_address read_address(const std::byte* from, bool v4) {
  nat_address result;
  if (v4)
    result.ip[10] = result.ip[11] = 0xff;
  std::memcpy(result.ip.data() + (v4 ? v4_at : 0), from, address_size(v4));
  uint16_t port = 0;
  std::memcpy(&port, from + address_size(v4), sizeof(port));
  result.port = ntohs(port);
  return result;
}

} // namespace

pinned_map::pinned_map(const std::string& path, std::initializer_list<size_t> keys,
                       size_t value_size) {
  // Read only: a mistake of ours must not change what Cilium does.
  struct bpf_obj_get_opts options {};
  options.sz = sizeof(options);
  options.file_flags = BPF_F_RDONLY;
  const int fd = bpf_obj_get_opts(path.c_str(), &options);
  if (fd < 0)
    return;
  bpf_map_info info{};
  uint32_t size = sizeof(info);
  const bool usable = bpf_obj_get_info_by_fd(fd, &info, &size) == 0
                      && (info.type == BPF_MAP_TYPE_HASH || info.type == BPF_MAP_TYPE_LRU_HASH)
                      && info.value_size >= value_size
                      && std::find(keys.begin(), keys.end(), info.key_size) != keys.end();
  if (!usable) {
    close(fd);
    return;
  }
  fd_ = fd;
  key_size_ = info.key_size;
  value_.resize(info.value_size);
}

pinned_map::~pinned_map() {
  if (fd_ >= 0)
    close(fd_);
}

pinned_map::pinned_map(pinned_map&& other) noexcept {
  *this = std::move(other);
}

pinned_map& pinned_map::operator=(pinned_map&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(key_size_, other.key_size_);
  std::swap(value_, other.value_);
  return *this;
}

const std::byte* pinned_map::find(const std::byte* key) {
  if (fd_ < 0 || bpf_map_lookup_elem(fd_, key, value_.data()) != 0)
    return nullptr;
  return value_.data();
}

cilium_maps::cilium_maps(const std::string& folder, bool v4) : v4_(v4) {
  const auto address = address_size(v4);
  const std::string family = v4 ? "4" : "6";
  sockets_ = {
      folder + "/cilium_lb" + family + "_reverse_sk", {reverse_key_size(address)}, address + 2};
  tcp_flows_ = {folder + "/cilium_ct" + family + "_global", {tuple_size(address)}, entry_size};
  other_flows_ = {
      folder + "/cilium_ct_any" + family + "_global", {tuple_size(address)}, entry_size};
  for (const char* version : {"_v3", "_v2"})
    if (!backends_.is_open())
      backends_ = {folder + "/cilium_lb" + family + "_backends" + version, {4}, address + 2};
}

std::optional<nat_address> cilium_maps::dialled_by(uint64_t socket_cookie, const nat_flow& flow) {
  if (!sockets_.is_open())
    return std::nullopt;
  key_writer key;
  key.put(&socket_cookie, sizeof(socket_cookie));
  key.put_ip(flow.destination, v4_);
  key.put_port(flow.destination.port);
  const auto* found = sockets_.find(key.data());
  return found != nullptr ? std::optional{read_address(found, v4_)} : std::nullopt;
}

std::optional<nat_address> cilium_maps::backend_of(const nat_flow& flow) {
  auto& flows = flow.udp ? other_flows_ : tcp_flows_;
  if (!flows.is_open() || !backends_.is_open())
    return std::nullopt;
  // Of a service entry the addresses stand as in the packet, the ports the other way round.
  key_writer key;
  key.put_ip(flow.destination, v4_);
  key.put_ip(flow.source, v4_);
  key.put_port(flow.source.port);
  key.put_port(flow.destination.port);
  const uint8_t protocol = flow.udp ? IPPROTO_UDP : IPPROTO_TCP;
  key.put(&protocol, sizeof(protocol));
  key.put(&service_entry, sizeof(service_entry));
  const auto* entry = flows.find(key.data());
  if (entry == nullptr)
    return std::nullopt;
  uint32_t id = 0; // Of a 64-bit field, in the machine's order.
  uint64_t wide = 0;
  std::memcpy(&wide, entry + backend_id_at, sizeof(wide));
  id = static_cast<uint32_t>(wide);
  key_writer backend;
  backend.put(&id, sizeof(id));
  const auto* found = backends_.find(backend.data());
  return found != nullptr ? std::optional{read_address(found, v4_)} : std::nullopt;
}

} // namespace troupe
