// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/kafka/frame.hpp"

#include "actors/container/l7/kafka/api.hpp"

#include <algorithm>

namespace troupe::l7::kafka {
namespace {

constexpr uint16_t client_id_max = 512;
constexpr uint64_t header_bytes_min = 10; // Behind the length: api, version, ids.
constexpr uint16_t null_string = 0xffff;

bool is_text(std::string_view x) {
  return std::all_of(x.begin(), x.end(), [](char c) { return c >= ' ' && c != '\x7f'; });
}

// An empty client id is allowed, but ZooKeeper's first message would be Produce with one.
bool is_likely(int16_t key, uint16_t client_id_length) {
  return client_id_length > 0 || key != produce;
}

} // namespace

uint64_t fields::varint() {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const auto byte = u8();
    result |= uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0)
      return result;
  }
  fail();
  return 0;
}

std::string_view fields::string() {
  if (flexible_) {
    const auto size = varint();
    return size == 0 ? std::string_view{} : take(size - 1);
  }
  const auto size = i16();
  return size < 0 ? std::string_view{} : take(static_cast<uint64_t>(size));
}

uint32_t fields::array() {
  if (flexible_) {
    const auto size = varint();
    return size == 0 ? 0 : static_cast<uint32_t>(size - 1);
  }
  const auto size = i32();
  return size < 0 ? 0 : static_cast<uint32_t>(size);
}

void fields::tags() {
  if (!flexible_)
    return;
  for (auto count = varint(); count > 0 && good(); --count) {
    varint();
    skip(varint());
  }
}

void fields::skip_bytes() {
  skip(array());
}

std::optional<uint64_t> message_length(std::string_view bytes) {
  if (bytes.size() < length_bytes)
    return std::nullopt;
  return length_bytes + uint64_t{byte_cursor{bytes}.u32()};
}

header_state read_request_header(std::string_view bytes, request_header& x) {
  byte_cursor cursor{bytes};
  const auto length = cursor.u32();
  x.key = static_cast<int16_t>(cursor.u16());
  x.version = static_cast<int16_t>(cursor.u16());
  x.correlation_id = static_cast<int32_t>(cursor.u32());
  const auto client_id_length = cursor.u16();
  const auto client_id = cursor.take_some(client_id_length == null_string ? 0 : client_id_length);
  const auto has = [&bytes](size_t size) {
    return bytes.size() >= size;
  };
  x.length = length_bytes + uint64_t{length};
  const auto* known = find_api(x.key);
  if ((has(4) && (length < header_bytes_min || length > request_bytes_max))
      || (has(6) && known == nullptr) || (has(8) && (x.version < 0 || x.version > version_max))
      || (has(12) && x.correlation_id < 0) || !is_text(client_id))
    return header_state::invalid;
  if (has(14) && client_id_length != null_string
      && (client_id_length > client_id_max || header_bytes_min + client_id_length > length
          || !is_likely(x.key, client_id_length)))
    return header_state::invalid;
  if (!cursor.good())
    return header_state::need_more;
  x.is_flexible = x.version >= known->flexible_since;
  fields behind{cursor.rest().substr(0, x.length - (bytes.size() - cursor.rest().size())),
                x.is_flexible};
  behind.tags();
  x.body = behind.rest();
  return header_state::ok;
}

header_state read_response_header(std::string_view bytes, response_header& x) {
  byte_cursor cursor{bytes};
  x.length = length_bytes + uint64_t{cursor.u32()};
  if (cursor.good() && x.length < response_header::bytes)
    return header_state::invalid;
  x.correlation_id = static_cast<int32_t>(cursor.u32());
  return cursor.good() ? header_state::ok : header_state::need_more;
}

} // namespace troupe::l7::kafka
