// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Cilium's load balancer did with a connection, from the maps that it pins. Their layout is
// part of its upgrade contract: keys and the fields read here have kept their places since 1.8.
//
//   cilium_lb{4,6}_reverse_sk: socket cookie, backend's address and port -> what was dialled. Where
//     Cilium translates at connect(), the socket has the backend's address.
//   cilium_ct{4,6}_global, cilium_ct_any{4,6}_global: a flow's entry of kind service -> backend id.
//   cilium_lb{4,6}_backends_v3, _v2: backend id -> address and port.

#include "actors/host/conntrack_message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// A pinned map, if it is there and has the expected shape.
class pinned_map {
public:
  pinned_map() = default;
  /// `keys`: the sizes that its keys may have; its values have `value_size` bytes at least.
  pinned_map(const std::string& path, std::initializer_list<size_t> keys, size_t value_size);
  ~pinned_map();
  pinned_map(pinned_map&& other) noexcept;
  pinned_map& operator=(pinned_map&& other) noexcept;
  pinned_map(const pinned_map&) = delete;
  pinned_map& operator=(const pinned_map&) = delete;

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] size_t key_size() const { return key_size_; }
  /// The value, valid until the next search; null when there is none. `key` has key_size() bytes.
  const std::byte* find(const std::byte* key);

private:
  int fd_ = -1;
  size_t key_size_ = 0;
  std::vector<std::byte> value_;
};

/// The maps of one family of addresses.
class cilium_maps {
public:
  cilium_maps() = default;
  /// `folder` is where Cilium pins, /sys/fs/bpf/tc/globals.
  cilium_maps(const std::string& folder, bool v4);

  [[nodiscard]] bool are_there() const { return sockets_.is_open() || backends_.is_open(); }
  std::optional<nat_address> dialled_by(uint64_t socket_cookie, const nat_flow& flow);
  std::optional<nat_address> backend_of(const nat_flow& flow);

private:
  bool v4_ = true;
  pinned_map sockets_;
  pinned_map tcp_flows_;
  pinned_map other_flows_;
  pinned_map backends_;
};

} // namespace troupe
