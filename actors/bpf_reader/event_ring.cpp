// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/event_ring.hpp"

#include <bpf/libbpf.h>

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace troupe {

void event_ring::free_ring::operator()(ring_buffer* x) const {
  ring_buffer__free(x);
}

event_ring::event_ring(int map_fd) : epoll_fd_{epoll_create1(EPOLL_CLOEXEC)} {
  if (map_fd < 0)
    return;
  ring_.reset(ring_buffer__new(map_fd, take, this, nullptr));
  // Edge-triggered: a level-triggered wait returns at once while anything at all is unread, and
  // something is, whenever events come faster than we go to sleep. We want only the kernel's call.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, map_fd, &event);
}

event_ring::~event_ring() {
  if (epoll_fd_ >= 0)
    close(epoll_fd_);
}

void event_ring::wait(std::chrono::milliseconds limit) {
  epoll_event event{};
  const auto result = epoll_wait(epoll_fd_, &event, 1, static_cast<int>(limit.count()));
  if (result < 0 && errno != EINTR)
    std::this_thread::sleep_for(limit); // No epoll: go by the clock alone.
}

uint64_t event_ring::drain(record_sink& sink, uint64_t until_ns, uint64_t records_max) {
  if (!ring_)
    return 0;
  sink_ = &sink;
  until_ns_ = until_ns;
  left_ = records_max;
  ring_buffer__consume(ring_.get());
  sink_ = nullptr;
  return records_max - left_;
}

int event_ring::take(void* self, void* data, size_t size) {
  auto& ring = *static_cast<event_ring*>(self);
  const auto& record = *static_cast<const event_header*>(data);
  // Our own programs wrote it; a size that cannot be would still take the whole stream along.
  if (size >= sizeof(event_header) && record.size >= sizeof(event_header) && record.size <= size)
    ring.sink_->take(record);
  --ring.left_;
  return ring.left_ == 0 || record.time_ns > ring.until_ns_ ? -ECANCELED : 0;
}

} // namespace troupe
