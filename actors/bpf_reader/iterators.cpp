// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/iterators.hpp"

#include <bpf/bpf.h>

#include <unistd.h>

#include <cerrno>
#include <vector>

namespace troupe {

namespace {

// The kernel gathers up to 32 KiB a read, and gives it whole when there is room.
constexpr size_t chunk_bytes = 64U << 10;

} // namespace

bool run_iterator(int link_fd, const std::function<void(std::span<const std::byte>)>& chunk) {
  if (link_fd < 0)
    return false;
  const auto fd = bpf_iter_create(link_fd);
  if (fd < 0)
    return false;
  std::vector<std::byte> buffer(chunk_bytes);
  ssize_t size = 0;
  do {
    size = read(fd, buffer.data(), buffer.size());
    if (size > 0)
      chunk({buffer.data(), static_cast<size_t>(size)});
    // EAGAIN: the kernel went past many objects without output and takes a breath.
  } while (size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR)));
  close(fd);
  return size == 0;
}

} // namespace troupe
