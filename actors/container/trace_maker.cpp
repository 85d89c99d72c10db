// SPDX-License-Identifier: Apache-2.0
#include "actors/container/trace_maker.hpp"

#include "actors/container/destination.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace troupe {

namespace {

/// What a shell adds to the number of a signal.
constexpr int signalled_code = 128;

size_t weight(const trace_event& event) {
  size_t result = sizeof(trace_event) + event.comm.size();
  const auto* exec = std::get_if<exec_trace>(&event.detail);
  const auto* life = std::get_if<life_trace>(&event.detail);
  if (exec != nullptr || life != nullptr)
    for (const auto& argument : exec != nullptr ? exec->argv : life->argv)
      result += sizeof(std::string) + argument.size();
  if (const auto* l7 = std::get_if<l7_trace>(&event.detail))
    result += sizeof(l7_exchange) + l7->exchange->operation.size() + l7->exchange->detail.size()
              + l7->exchange->subject.size() + l7->exchange->traceparent.size();
  return result;
}

std::vector<std::string> split_argv(std::string_view argv) {
  std::vector<std::string> result;
  while (!argv.empty()) {
    const auto length = std::min(argv.find('\0'), argv.size());
    result.emplace_back(argv.substr(0, length));
    argv.remove_prefix(std::min(length + 1, argv.size()));
  }
  return result;
}

std::string_view comm_view(const char (&raw)[EVENT_COMM_SIZE]) {
  return {raw, strnlen(raw, sizeof(raw))};
}

trace_event begin(const event_header& header, std::string_view comm) {
  trace_event result;
  result.time_ns = header.time_ns;
  result.process = id_of(header);
  result.comm = comm;
  return result;
}

uint64_t since(uint64_t begin_ns, uint64_t end_ns) {
  return begin_ns != 0 && end_ns > begin_ns ? end_ns - begin_ns : 0;
}

/// Source is always the side that dialled, so that both ends of a connection tell of it alike.
tcp_trace describe(const tcp_connection& record, tcp_action action, const translation* known) {
  tcp_trace result;
  result.action = action;
  result.inbound = record.direction == TCP_INBOUND;
  result.src = to_text(local_end(record.endpoints));
  result.dst = to_text(remote_end(record.endpoints));
  if (result.inbound)
    std::swap(result.src, result.dst);
  if (known != nullptr)
    result.dst = to_text(known->dialled);
  result.actual_dst = known != nullptr ? to_text(known->actual) : result.dst;
  result.error = record.error;
  return result;
}

} // namespace

void trace_backlog::make_room() {
  while (events_.size() > events_max || bytes_ > bytes_max) {
    bytes_ -= weight(events_.front());
    events_.pop_front();
    ++dropped_;
  }
}

void trace_backlog::push(trace_event event) {
  bytes_ += weight(event);
  events_.push_back(std::move(event));
  make_room();
}

void trace_backlog::absorb(trace_backlog&& other) {
  std::deque<trace_event> both;
  const auto earlier = [](const trace_event& a, const trace_event& b) {
    return a.time_ns < b.time_ns;
  };
  while (!events_.empty() || !other.events_.empty()) {
    const bool mine = other.events_.empty()
                      || (!events_.empty() && earlier(events_.front(), other.events_.front()));
    auto& from = mine ? events_ : other.events_;
    both.push_back(std::move(from.front()));
    from.pop_front();
  }
  events_ = std::move(both);
  bytes_ += other.bytes_;
  dropped_ += other.dropped_;
  other = trace_backlog{};
  make_room();
}

void trace_backlog::move_to(trace_batch& batch, size_t count) {
  count = std::min(count, events_.size());
  batch.events.reserve(count);
  for (; count > 0; --count) {
    bytes_ -= weight(events_.front());
    batch.events.push_back(std::move(events_.front()));
    events_.pop_front();
  }
  batch.dropped = std::exchange(dropped_, 0);
}

void trace_maker::executed(const process_executed& record, std::string_view argv) {
  if (!traces(trace_exec))
    return;
  auto event = begin(record.header, comm_view(record.comm));
  event.detail =
      exec_trace{split_argv(argv), record.argv_truncated != 0, record.parent_pid, record.uid};
  backlog_.push(std::move(event));
}

void trace_maker::exited(const process_exited& record, bool setup) {
  const bool oom = record.oom_killed != 0;
  if (!traces(trace_exit) && !(oom && traces(trace_oom)))
    return;
  auto event = begin(record.header, comm_view(record.comm));
  exit_trace detail;
  detail.exit_code = record.exit_code;
  detail.signal = record.signal;
  detail.oom = oom;
  detail.setup = setup;
  detail.duration_ns = since(record.header.start_boottime_ns, record.header.time_ns);
  detail.ppid = record.parent_pid;
  detail.uid = record.uid;
  event.detail = detail;
  backlog_.push(std::move(event));
}

void trace_maker::listening(const tcp_listen& record, std::string_view comm) {
  if (!traces(trace_tcp) || record.preexisting != 0)
    return;
  auto event = begin(record.header, comm);
  tcp_trace detail;
  detail.action = tcp_action::listen;
  detail.inbound = true;
  detail.dst = to_text(endpoint{to_ip(record.local), record.local_port});
  detail.actual_dst = detail.dst;
  event.detail = std::move(detail);
  backlog_.push(std::move(event));
}

void trace_maker::push_tcp(const tcp_connection& record, std::string_view comm,
                           const tcp_trace& detail) {
  auto event = begin(record.header, comm);
  event.detail = detail;
  backlog_.push(std::move(event));
}

void trace_maker::opened(const tcp_connection& record, std::string_view comm,
                         const translation* known) {
  if (!traces(trace_tcp))
    return;
  // A process is often gone before the last of its connections has closed.
  if (!comm.empty() && owners_.size() < owners_max) {
    comm_text kept{};
    std::copy_n(comm.begin(), std::min(comm.size(), kept.size()), kept.begin());
    owners_[record.socket_cookie] = kept;
  }
  if ((record.flags & TCP_FLAG_PREEXISTING) != 0)
    return; // Nothing happened now.
  const bool inbound = record.direction == TCP_INBOUND;
  auto detail = describe(record, inbound ? tcp_action::accept : tcp_action::connect, known);
  detail.duration_ns = record.connect_ns;
  push_tcp(record, comm, detail);
}

void trace_maker::connect_failed(const tcp_connection_totals& record, std::string_view comm,
                                 const translation* known) {
  if (!traces(trace_tcp))
    return;
  auto detail = describe(record.connection, tcp_action::connect_failed, known);
  detail.duration_ns = record.connection.connect_ns;
  detail.retransmits = record.retransmits;
  push_tcp(record.connection, comm, detail);
}

void trace_maker::closed(const tcp_connection_totals& record, std::string_view comm,
                         const translation* known) {
  if (!traces(trace_tcp))
    return;
  const auto& about = record.connection;
  const auto owner = owners_.extract(about.socket_cookie);
  if (comm.empty() && !owner.empty())
    comm = to_view(owner.mapped());
  auto detail = describe(about, tcp_action::close, known);
  detail.bytes_sent = record.bytes_sent;
  detail.bytes_received = record.bytes_received;
  detail.rtt_ns = uint64_t{record.srtt_us} * 1000;
  detail.retransmits = record.retransmits;
  detail.duration_ns = since(about.opened_ns, about.header.time_ns);
  push_tcp(about, comm, detail);
}

void trace_maker::lived(life_action action, uint64_t time_ns) {
  if (!traces(trace_life))
    return;
  trace_event event;
  event.time_ns = time_ns;
  life_trace detail;
  detail.action = action;
  event.detail = std::move(detail);
  backlog_.push(std::move(event));
}

void trace_maker::began(life_action action, const process_executed& record, std::string_view argv) {
  auto event = begin(record.header, comm_view(record.comm));
  life_trace detail;
  detail.action = action;
  detail.argv = split_argv(argv);
  detail.argv_truncated = record.argv_truncated != 0;
  event.detail = std::move(detail);
  backlog_.push(std::move(event));
}

void trace_maker::ended(life_action action, const process_exited& record) {
  auto event = begin(record.header, comm_view(record.comm));
  life_trace detail;
  detail.action = action;
  detail.signal = record.signal;
  if (record.exit_code >= 0) // Else its exit was missed.
    detail.exit_code = record.signal != 0 ? signalled_code + record.signal : record.exit_code;
  detail.oom = record.oom_killed != 0;
  detail.duration_ns = since(record.header.start_boottime_ns, record.header.time_ns);
  event.detail = std::move(detail);
  backlog_.push(std::move(event));
}

void trace_maker::exchanged(const l7::connection_ends& ends, std::string_view comm,
                            l7_exchange exchange, const translation* known) {
  trace_event event;
  event.time_ns = exchange.started_ns + exchange.duration_ns;
  event.process = {ends.pid, ends.start_boottime_ns};
  event.comm = comm;
  l7_trace detail;
  detail.inbound = !ends.outbound;
  const auto dialler = ends.outbound ? local_end(ends.endpoints) : remote_end(ends.endpoints);
  if (dialler.port != 0) // Else nobody was told who asked.
    detail.src = to_text(dialler);
  detail.dst = to_text(ends.outbound ? remote_end(ends.endpoints) : local_end(ends.endpoints));
  if (known != nullptr)
    detail.dst = to_text(known->dialled);
  detail.exchange = std::make_shared<const l7_exchange>(std::move(exchange));
  event.detail = std::move(detail);
  backlog_.push(std::move(event));
}

void trace_maker::name(const container_named& named) {
  if (mask_ != trace_none)
    named_ = named;
}

std::optional<trace_batch> trace_maker::next_batch() {
  if (!named_ || backlog_.empty())
    return std::nullopt;
  trace_batch batch;
  batch.key = key_;
  batch.identity = named_->identity;
  batch.runtime = named_->metadata.runtime;
  batch.runtime_id = named_->metadata.id;
  batch.labels = named_->metadata.labels;
  backlog_.move_to(batch, batch_events_max);
  return batch;
}

trace_backlog trace_maker::hand_over() {
  owners_.clear();
  return std::exchange(backlog_, trace_backlog{});
}

void trace_maker::absorb(trace_backlog&& other) {
  backlog_.absorb(std::move(other));
}

} // namespace troupe
