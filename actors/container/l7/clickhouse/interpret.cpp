// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/clickhouse/interpret.hpp"

#include "actors/container/l7/clickhouse/wire.hpp"
#include "actors/container/l7/sql_operation.hpp"

#include <algorithm>
#include <array>

namespace troupe::l7::clickhouse {
namespace {

constexpr size_t name_bytes_max = 256;
constexpr uint64_t revision_min = 50'000;
constexpr uint64_t revision_max = 100'000;
constexpr uint8_t over_tcp = 1;
constexpr uint8_t over_http = 2;
constexpr uint8_t interface_max = 16;
constexpr uint64_t stage_max = 16;

// Where a query came to be written otherwise, newest first.
constexpr std::array<uint64_t, 16> query_revisions{
    since::current_roles,       since::internal_query,
    since::client_agent,        since::jwt,
    since::line_numbers,        since::granted_roles,
    since::parameters,          since::parallel_replicas,
    since::query_start_time,    since::distributed_depth,
    since::opentelemetry,       since::interserver_secret,
    since::settings_as_strings, since::version_patch,
    since::quota_key,           since::client_info};

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// A short text that one can read: false where it is not, or not there yet.
bool skip_name(byte_cursor& cursor) {
  const auto size = read_varuint(cursor);
  if (size > name_bytes_max || !is_printable(cursor.rest().substr(0, size))) {
    cursor.fail();
    return false;
  }
  cursor.skip(size);
  return true;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    out += digits[static_cast<uint8_t>(c) >> 4U];
    out += digits[static_cast<uint8_t>(c) & 0xfU];
  }
}

std::string reversed(std::string_view bytes) {
  return {bytes.rbegin(), bytes.rend()};
}

/// As W3C writes it: numbers of 64 bits are said with their lowest byte first.
std::string read_trace(byte_cursor& cursor) {
  const auto high = cursor.take(8);
  const auto low = cursor.take(8);
  const auto span = cursor.take(8);
  static_cast<void>(read_text(cursor)); // tracestate
  const auto flags = cursor.take(1);
  std::string result;
  if (!cursor.good())
    return result;
  result = "00-";
  append_hex(result, reversed(high));
  append_hex(result, reversed(low));
  result += '-';
  append_hex(result, reversed(span));
  result += '-';
  append_hex(result, flags);
  return result;
}

void skip_client(byte_cursor& cursor, uint8_t interface, uint64_t revision) {
  if (interface == over_tcp) {
    for (int i = 0; i < 3; ++i) // User, host and program.
      static_cast<void>(read_text(cursor));
    for (int i = 0; i < 3; ++i) // The version of the program.
      static_cast<void>(read_varuint(cursor));
  } else if (interface == over_http) {
    cursor.skip(1);
    for (const auto came : {uint64_t{0}, since::forwarded_for, since::referer})
      if (revision >= came)
        static_cast<void>(read_text(cursor));
  }
}

void skip_numbers(byte_cursor& cursor, unsigned count) {
  for (; count > 0; --count)
    static_cast<void>(read_varuint(cursor));
}

void skip_client_info(byte_cursor& cursor, uint64_t revision, std::string& traceparent) {
  if (cursor.u8() == 0) // Nothing is known of the client.
    return;
  for (int i = 0; i < 3; ++i) // Who asked first, by which id, from where.
    static_cast<void>(read_text(cursor));
  if (revision >= since::query_start_time)
    cursor.skip(8);
  const auto interface = cursor.u8();
  if (interface > interface_max)
    cursor.fail();
  skip_client(cursor, interface, revision);
  if (revision >= since::quota_key)
    static_cast<void>(read_text(cursor));
  if (revision >= since::distributed_depth)
    skip_numbers(cursor, 1);
  if (revision >= since::version_patch && interface == over_tcp)
    skip_numbers(cursor, 1);
  if (revision >= since::opentelemetry && cursor.u8() != 0)
    traceparent = read_trace(cursor);
  if (revision >= since::parallel_replicas)
    skip_numbers(cursor, 3);
  if (revision >= since::line_numbers)
    skip_numbers(cursor, 2);
  if (revision >= since::jwt && cursor.u8() != 0)
    static_cast<void>(read_text(cursor));
  if (revision >= since::client_agent)
    static_cast<void>(read_text(cursor));
  if (revision >= since::internal_query)
    cursor.skip(1);
  if (revision >= since::current_roles && cursor.u8() != 0)
    cursor.fail();
}

/// Before revision 54429 values are written by their type, which only the server's list of settings
/// tells.
bool skip_settings(byte_cursor& cursor, uint64_t revision) {
  while (!read_text(cursor).empty()) {
    if (revision < since::settings_as_strings)
      return false;
    static_cast<void>(read_varuint(cursor));
    static_cast<void>(read_text(cursor));
  }
  return true;
}

/// Spaces and letters, comments, parentheses: what a statement may begin with.
bool begins_statement(std::string_view text) {
  const char c = text.front();
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '(' || c == '-' || c == '/'
         || c == '#' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ';';
}

/// Behind the text come parameters, or the first block.
bool is_followed_rightly(std::string_view behind, uint64_t revision) {
  if (revision < since::parameters)
    return behind.empty() || behind[0] == static_cast<char>(client_packet::data);
  byte_cursor cursor{behind};
  return !behind.empty() && skip_name(cursor);
}

} // namespace

reading read_hello(std::string_view bytes, hello& x) {
  byte_cursor cursor{bytes};
  if (cursor.u8() != 0)
    return cursor.good() ? reading::invalid : reading::need_more;
  if (bytes.size() > 1 && bytes[1] == '\0')
    return reading::invalid;
  if (!skip_name(cursor))
    return reading::invalid;
  const auto major = read_varuint(cursor);
  const auto minor = read_varuint(cursor);
  x.revision = read_varuint(cursor);
  x.bytes = bytes.size() - cursor.rest().size();
  if (major > 10'000 || minor > 10'000)
    return reading::invalid;
  if (!cursor.good())
    return bytes.size() < name_bytes_max + 16 ? reading::need_more : reading::invalid;
  return x.revision >= revision_min && x.revision < revision_max ? reading::done : reading::invalid;
}

reading read_addendum(std::string_view bytes, uint64_t revision, addendum& x) {
  byte_cursor cursor{bytes};
  static_cast<void>(read_text(cursor)); // The key of a quota.
  if (revision >= since::chunked_packets)
    for (int side = 0; side < 2; ++side)
      x.is_chunked = read_text(cursor) == "chunked" || x.is_chunked;
  if (revision >= since::parallel_replicas_version)
    static_cast<void>(read_varuint(cursor));
  x.bytes = bytes.size() - cursor.rest().size();
  return cursor.good() ? reading::done : reading::need_more;
}

reading read_query(std::string_view bytes, uint64_t revision, query& x) {
  byte_cursor cursor{bytes};
  cursor.skip(1);
  static_cast<void>(read_text(cursor)); // Its id.
  if (revision >= since::client_info)
    skip_client_info(cursor, revision, x.traceparent);
  if (!skip_settings(cursor, revision))
    return reading::invalid;
  if (revision >= since::granted_roles)
    static_cast<void>(read_text(cursor));
  if (revision >= since::interserver_secret)
    static_cast<void>(read_text(cursor));
  const auto stage = read_varuint(cursor);
  const auto compression = read_varuint(cursor);
  if (cursor.good() && (stage > stage_max || compression > 1))
    return reading::invalid;
  x.is_compressed = compression == 1;
  x.text_bytes = read_varuint(cursor);
  if (!cursor.good())
    return reading::need_more;
  x.bytes = bytes.size() - cursor.rest().size() + x.text_bytes;
  x.text = cursor.take_some(x.text_bytes);
  if (!x.text.empty() && !begins_statement(x.text))
    return reading::invalid;
  return reading::done;
}

std::optional<uint64_t> revision_of_query(std::string_view bytes) {
  for (const auto revision : query_revisions) {
    query x;
    if (read_query(bytes, revision, x) == reading::done && x.text.size() == x.text_bytes
        && !x.text.empty() && is_followed_rightly(bytes.substr(x.bytes), revision))
      return revision;
  }
  return std::nullopt;
}

reading begins_query(std::string_view bytes) {
  byte_cursor cursor{bytes};
  if (cursor.u8() != static_cast<uint8_t>(client_packet::query))
    return bytes.empty() ? reading::need_more : reading::invalid;
  const auto all = bytes.size();
  if (!skip_name(cursor))
    return reading::invalid;
  const auto kind = cursor.u8();
  if (cursor.good() && (kind < 1 || kind > 2)) // From a client, or from another server.
    return reading::invalid;
  for (int i = 0; i < 2 && cursor.good(); ++i) // Who asked first, and by which id.
    if (!skip_name(cursor))
      return reading::invalid;
  const auto address = read_text(cursor);
  if (!cursor.good())
    return all < 4 * name_bytes_max ? reading::need_more : reading::invalid;
  const auto port = address.rfind(':');
  const bool is_address =
      port != std::string_view::npos && port > 0
      && address.find_first_not_of("0123456789abcdefABCDEF:.[]%") == std::string_view::npos;
  return is_address ? reading::done : reading::invalid;
}

bool begins_exception(std::string_view bytes) {
  byte_cursor cursor{bytes};
  const auto kind = cursor.u8();
  const auto code = cursor.u32_little();
  const auto name = read_varuint(cursor);
  return kind == static_cast<uint8_t>(server_packet::exception) && code > 0 && code < 100'000
         && name >= 4 && name <= name_bytes_max && cursor.rest().starts_with("DB::");
}

void tell_query(const query& x, l7_exchange& told) {
  told.operation = sql_operation(x.text, sql_dialect::mysql, x.text.size() == x.text_bytes);
  if (told.operation.size() > operation_bytes_max)
    told.operation.resize(operation_bytes_max);
  told.detail = x.text.substr(0, detail_bytes_max);
  told.traceparent = x.traceparent;
}

} // namespace troupe::l7::clickhouse
