// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/generator.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace troupe {

namespace {

constexpr uint64_t second_ns = 1'000'000'000;
constexpr uint64_t first_cgroup = 1000;
constexpr uint64_t bytes_a_connection = 1000;
constexpr uint64_t init_start_ns = second_ns / 2;
constexpr uint32_t first_pid = 100'000;
constexpr uint32_t pids = 4'000'000; ///< then they are given out again, as the kernel does

constexpr std::string_view request_text =
    "GET /cart?id=4711 HTTP/1.1\r\nHost: shop.example:8080\r\n"
    "User-Agent: generator\r\nAccept: */*\r\n\r\n";
constexpr std::string_view answer_text =
    "HTTP/1.1 200 OK\r\nServer: generator\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"
    "Connection: keep-alive\r\n\r\nhello there\n";

std::string path_of(uint64_t container) {
  return "/docker/" + generator::runtime_id(container);
}

/// The first process of a container.
uint32_t init_pid(uint64_t container) {
  return static_cast<uint32_t>(100 + container % 30'000);
}

/// 10.x.y.z, as v4-mapped IPv6.
void set_ipv4(__u8 to[16], uint32_t host) {
  to[10] = 0xff;
  to[11] = 0xff;
  to[12] = 10;
  to[13] = static_cast<__u8>(host >> 16);
  to[14] = static_cast<__u8>(host >> 8);
  to[15] = static_cast<__u8>(host);
}

} // namespace

generator::generator(const generator_options& options) : options_(options) {
  step_ns_ = second_ns / std::max(options.events_per_second, 1U);
  time_ns_ = started_boottime_ns;
  slots_.resize(std::max(options.containers, 1U));
  for (auto& x : slots_) {
    x.container = containers_made_++;
    x.cookies.resize(std::max(options.connections_open, 1U));
  }
  if (options.churn_per_second > 0)
    next_churn_ns_ = time_ns_ + second_ns / options.churn_per_second;
}

std::string generator::runtime_id(uint64_t n) {
  std::string id(65, '0'); // snprintf ends it with NUL.
  std::snprintf(id.data(), id.size(), "%064llx", 0xc0ffee0000000000ULL + n);
  id.pop_back();
  return id;
}

container_metadata generator::metadata_of(const std::string& runtime_id) {
  container_metadata x;
  x.runtime = runtime_kind::docker;
  x.id = runtime_id;
  x.name = "generated-" + runtime_id.substr(runtime_id.size() - 8);
  x.image = "generated:latest";
  x.state = container_state::running;
  return x;
}

std::vector<cgroup_found> generator::cgroups() const {
  std::vector<cgroup_found> result{{1, "/", 0, false}, {2, "/docker", 0, false}};
  for (uint64_t n = 0; n < slots_.size(); ++n)
    result.push_back({first_cgroup + n, path_of(n), 0, false});
  return result;
}

template <class Record>
void generator::put(std::vector<std::byte>& to, const Record& record) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&record);
  to.insert(to.end(), bytes, bytes + sizeof(record));
  ++records_made_;
  time_ns_ += step_ns_;
}

void generator::put_cgroup(std::vector<std::byte>& to, const slot& x, event_kind kind) {
  const auto path = kind == EVENT_CGROUP_CREATED ? path_of(x.container) : std::string{};
  const auto padded = (path.size() + 7) / 8 * 8;
  cgroup_event record{};
  record.header = {
      time_ns_, first_cgroup + x.container, 0,
      0,        static_cast<__u16>(kind),   static_cast<__u16>(sizeof(record) + padded)};
  record.path_size = static_cast<__u16>(path.size());
  put(to, record);
  const auto at = to.size();
  to.resize(at + padded);
  if (!path.empty())
    std::memcpy(to.data() + at, path.data(), path.size());
}

tcp_connection generator::connection(const slot& x, uint64_t cookie, event_kind kind,
                                     size_t size) const {
  tcp_connection record{};
  record.header = {time_ns_,
                   first_cgroup + x.container,
                   init_start_ns,
                   init_pid(x.container),
                   static_cast<__u16>(kind),
                   static_cast<__u16>(size)};
  record.socket_cookie = cookie;
  record.opened_ns = time_ns_;
  record.connect_ns = 100'000;
  set_ipv4(record.endpoints.local, static_cast<uint32_t>(x.container));
  // Cookies go round the containers: each container meets every destination.
  const auto destination = cookie / slots_.size() % std::max(options_.destinations, 1U);
  set_ipv4(record.endpoints.remote, static_cast<uint32_t>(0x800000 + destination));
  record.endpoints.local_port = static_cast<__u16>(32768 + cookie % 28000);
  record.endpoints.remote_port = 80;
  record.direction = TCP_OUTBOUND;
  record.flags = TCP_FLAG_ESTABLISHED;
  return record;
}

void generator::open(std::vector<std::byte>& to, slot& x, uint64_t& cookie) {
  cookie = next_cookie_++;
  put(to, connection(x, cookie, EVENT_TCP_OPENED, sizeof(tcp_connection)));
  ++connects_;
}

void generator::close(std::vector<std::byte>& to, slot& x, uint64_t& cookie) {
  tcp_connection_totals record{};
  record.connection = connection(x, cookie, EVENT_TCP_CLOSED, sizeof(record));
  record.connection.opened_ns = 0; // As told at its opening.
  record.bytes_sent = bytes_a_connection;
  record.bytes_received = bytes_a_connection;
  record.srtt_us = 100;
  put(to, record);
  bytes_sent_ += bytes_a_connection;
  cookie = 0;
}

/// The connection has sent as much again since its last record.
void generator::progress(std::vector<std::byte>& to, const slot& x, uint64_t cookie) {
  tcp_connection_totals record{};
  record.connection = connection(x, cookie, EVENT_TCP_PROGRESS, sizeof(record));
  record.connection.opened_ns = 0; // As told at its opening.
  record.bytes_sent = x.next_connection / x.cookies.size() * bytes_a_connection;
  record.bytes_received = record.bytes_sent;
  record.srtt_us = 100;
  put(to, record);
}

/// A request or, the next time, its answer.
void generator::say(std::vector<std::byte>& to, const slot& x, uint64_t cookie) {
  const auto said = (x.next_connection - 1) / x.cookies.size() - 1;
  const bool asks = said % 2 == 0;
  const auto text = asks ? request_text : answer_text;
  const auto padded = (text.size() + 7) / 8 * 8;
  const auto owner = connection(x, cookie, EVENT_L7_CHUNK, sizeof(l7_chunk) + padded);
  l7_chunk record{};
  record.header = owner.header;
  record.socket_cookie = cookie;
  record.position = said / 2 * text.size();
  record.size = static_cast<__u32>(text.size());
  record.captured = static_cast<__u16>(text.size());
  record.flags = L7_OUTBOUND | (asks ? L7_SENT : 0);
  record.endpoints = owner.endpoints;
  put(to, record);
  const auto at = to.size();
  to.resize(at + padded);
  std::memcpy(to.data() + at, text.data(), text.size());
  answers_ += asks ? 0 : 1;
}

void generator::step_connection(std::vector<std::byte>& to, slot& x) {
  auto& cookie = x.cookies[x.next_connection++ % x.cookies.size()];
  if (cookie == 0)
    open(to, x, cookie);
  else if (options_.load == generated_load::progress)
    progress(to, x, cookie);
  else if (options_.load == generated_load::requests)
    say(to, x, cookie);
  else
    close(to, x, cookie);
}

event_header generator::process_header(const slot& x, event_kind kind, size_t size) const {
  return {time_ns_,  first_cgroup + x.container, x.process_start_ns,
          x.process, static_cast<__u16>(kind),   static_cast<__u16>(size)};
}

void generator::fork(std::vector<std::byte>& to, slot& x) {
  x.process = first_pid + processes_made_++ % pids;
  x.process_start_ns = time_ns_;
  x.executed = false;
  process_forked record{};
  record.header = process_header(x, EVENT_PROCESS_FORKED, sizeof(record));
  record.parent_start_boottime_ns = init_start_ns;
  record.parent_pid = init_pid(x.container);
  std::strcpy(record.comm, "sh");
  put(to, record);
}

void generator::execute(std::vector<std::byte>& to, slot& x) {
  constexpr char argv[16] = "/bin/true\0--all"; // Two arguments, and a multiple of 8 bytes.
  process_executed record{};
  record.header = process_header(x, EVENT_PROCESS_EXECUTED, sizeof(record) + sizeof(argv));
  record.parent_pid = init_pid(x.container);
  record.argv_size = sizeof(argv);
  std::strcpy(record.comm, "true");
  put(to, record);
  const auto* bytes = reinterpret_cast<const std::byte*>(argv);
  to.insert(to.end(), bytes, bytes + sizeof(argv));
  x.executed = true;
}

void generator::exit(std::vector<std::byte>& to, slot& x) {
  process_exited record{};
  record.header = process_header(x, EVENT_PROCESS_EXITED, sizeof(record));
  record.parent_pid = init_pid(x.container);
  std::strcpy(record.comm, "true");
  put(to, record);
  x.process = 0;
}

void generator::step_process(std::vector<std::byte>& to, slot& x) {
  if (x.process == 0)
    fork(to, x);
  else if (!x.executed)
    execute(to, x);
  else
    exit(to, x);
}

/// The container of this slot ends with all its connections, and a new one begins.
void generator::replace(std::vector<std::byte>& to, slot& x) {
  for (auto& cookie : x.cookies)
    if (cookie != 0)
      close(to, x, cookie);
  if (x.process != 0)
    exit(to, x);
  put_cgroup(to, x, EVENT_CGROUP_REMOVED);
  changes_.push_back({x.container, true});
  x.container = containers_made_++;
  changes_.push_back({x.container, false});
  put_cgroup(to, x, EVENT_CGROUP_CREATED);
}

bool generator::next(std::vector<std::byte>& to, size_t bytes) {
  for (const auto until = to.size() + bytes; to.size() < until;) {
    if (records_made_ >= options_.records)
      return false;
    auto& x = slots_[at_++ % slots_.size()];
    if (next_churn_ns_ != 0 && time_ns_ >= next_churn_ns_) {
      replace(to, x);
      next_churn_ns_ += second_ns / options_.churn_per_second;
      continue;
    }
    switch (options_.load) {
      case generated_load::connections:
      case generated_load::progress:
      case generated_load::requests:
        step_connection(to, x);
        break;
      case generated_load::processes:
        step_process(to, x);
        break;
      case generated_load::cgroups:
        replace(to, x);
        break;
    }
  }
  return true;
}

} // namespace troupe
