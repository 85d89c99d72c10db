// SPDX-License-Identifier: Apache-2.0
#pragma once

// Walks the records of bpf/event.h in an event_batch.
//
// The records are read where they lie: a batch's buffer comes from operator new, so it is aligned,
// and every record's size is a multiple of 8, so each record begins aligned for its struct. A
// buffer that is not aligned is refused as a whole rather than copied.

#include "bpf/event.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace troupe {

enum class decode_status : uint8_t { ok, invalid };

struct decode_result {
  decode_status status = decode_status::ok;
  uint32_t decoded = 0; ///< records that the visitor saw
};

namespace decoder {

inline constexpr size_t alignment = 8;

/// Bytes that a record of this kind has at least; 0 for a kind that there is not.
constexpr size_t least_size(uint16_t kind) {
  switch (kind) {
    case EVENT_PROCESS_FORKED:
      return sizeof(process_forked);
    case EVENT_PROCESS_EXECUTED:
      return sizeof(process_executed);
    case EVENT_PROCESS_EXITED:
      return sizeof(process_exited);
    case EVENT_PROCESS_MOVED:
      return sizeof(process_moved);
    case EVENT_PROCESS_FOUND:
      return sizeof(process_found);
    case EVENT_CGROUP_CREATED:
    case EVENT_CGROUP_REMOVED:
      return sizeof(cgroup_event);
    case EVENT_TCP_LISTEN_OPENED:
    case EVENT_TCP_LISTEN_CLOSED:
      return sizeof(tcp_listen);
    case EVENT_TCP_OPENED:
      return sizeof(tcp_connection);
    case EVENT_TCP_CONNECT_FAILED:
    case EVENT_TCP_CLOSED:
    case EVENT_TCP_PROGRESS:
      return sizeof(tcp_connection_totals);
    case EVENT_L7_CHUNK:
    case EVENT_L7_DATAGRAM:
      return sizeof(l7_chunk);
    case EVENT_L7_TURNS:
      return sizeof(l7_turns);
    default:
      return 0;
  }
}

template <class Record>
const Record& as(const std::byte* at) {
  return *reinterpret_cast<const Record*>(at);
}

/// The bytes that follow the struct, as many as the record says there are. False when the record
/// is too short for them.
template <class Record>
bool tail(const std::byte* at, size_t wanted, std::string_view& result) {
  if (wanted > as<event_header>(at).size - sizeof(Record))
    return false;
  result = {reinterpret_cast<const char*>(at + sizeof(Record)), wanted};
  return true;
}

template <class Visitor>
bool visit_executed(const std::byte* at, Visitor& visitor) {
  const auto& record = as<process_executed>(at);
  std::string_view argv;
  if (!tail<process_executed>(at, record.argv_size, argv))
    return false;
  visitor.executed(record, argv);
  return true;
}

template <class Visitor>
bool visit_cgroup(const std::byte* at, Visitor& visitor) {
  const auto& record = as<cgroup_event>(at);
  std::string_view path;
  if (!tail<cgroup_event>(at, record.path_size, path))
    return false;
  if (record.header.kind == EVENT_CGROUP_CREATED)
    visitor.cgroup_created(record, path);
  else
    visitor.cgroup_removed(record);
  return true;
}

template <class Visitor>
bool visit_chunk(const std::byte* at, Visitor& visitor) {
  const auto& record = as<l7_chunk>(at);
  std::string_view captured;
  if (!tail<l7_chunk>(at, record.captured, captured))
    return false;
  if (record.header.kind == EVENT_L7_CHUNK)
    visitor.l7_captured(record, captured);
  else
    visitor.l7_datagram(record, captured);
  return true;
}

/// Calls the visitor for one record whose header and least size were checked.
template <class Visitor>
bool visit(const std::byte* at, Visitor& visitor) {
  switch (as<event_header>(at).kind) {
    case EVENT_PROCESS_FORKED:
      return visitor.forked(as<process_forked>(at)), true;
    case EVENT_PROCESS_EXECUTED:
      return visit_executed(at, visitor);
    case EVENT_PROCESS_EXITED:
      return visitor.exited(as<process_exited>(at)), true;
    case EVENT_PROCESS_MOVED:
      return visitor.moved(as<process_moved>(at)), true;
    case EVENT_PROCESS_FOUND:
      return visitor.found(as<process_found>(at)), true;
    case EVENT_CGROUP_CREATED:
    case EVENT_CGROUP_REMOVED:
      return visit_cgroup(at, visitor);
    case EVENT_TCP_LISTEN_OPENED:
      return visitor.listen_opened(as<tcp_listen>(at)), true;
    case EVENT_TCP_LISTEN_CLOSED:
      return visitor.listen_closed(as<tcp_listen>(at)), true;
    case EVENT_TCP_OPENED:
      return visitor.tcp_opened(as<tcp_connection>(at)), true;
    case EVENT_TCP_CONNECT_FAILED:
      return visitor.tcp_connect_failed(as<tcp_connection_totals>(at)), true;
    case EVENT_TCP_CLOSED:
      return visitor.tcp_closed(as<tcp_connection_totals>(at)), true;
    case EVENT_TCP_PROGRESS:
      return visitor.tcp_progress(as<tcp_connection_totals>(at)), true;
    case EVENT_L7_CHUNK:
    case EVENT_L7_DATAGRAM:
      return visit_chunk(at, visitor);
    case EVENT_L7_TURNS:
      return visitor.l7_turned(as<l7_turns>(at)), true;
    default:
      return false;
  }
}

} // namespace decoder

/// Calls the visitor's method for each record, in order, until the end or until a record that is
/// invalid: of no known kind, smaller than its struct (and what it says follows it), of a size
/// that is not a multiple of 8, or reaching beyond the end. What follows an invalid record cannot
/// be found again, so the walk ends there: the batch's count minus `decoded` records are lost.
///
/// The visitor has forked, executed(record, argv), exited, moved, found,
/// cgroup_created(record, path), cgroup_removed, listen_opened, listen_closed, tcp_opened,
/// tcp_connect_failed, tcp_closed, tcp_progress, l7_captured(record, bytes), l7_datagram(record,
/// bytes) and l7_turned. References and views end with the batch.
template <class Visitor>
decode_result decode_records(std::span<const std::byte> records, Visitor&& visitor) {
  decode_result result;
  const auto* at = records.data();
  size_t left = records.size();
  if (reinterpret_cast<uintptr_t>(at) % decoder::alignment != 0) {
    result.status = decode_status::invalid;
    return result;
  }
  while (left > 0) {
    size_t size = 0;
    size_t least = 0;
    if (left >= sizeof(event_header)) {
      const auto& header = decoder::as<event_header>(at);
      size = header.size;
      least = decoder::least_size(header.kind);
    }
    if (least == 0 || size < least || size > left || size % decoder::alignment != 0
        || !decoder::visit(at, visitor)) {
      result.status = decode_status::invalid;
      return result;
    }
    at += size;
    left -= size;
    ++result.decoded;
  }
  return result;
}

} // namespace troupe
