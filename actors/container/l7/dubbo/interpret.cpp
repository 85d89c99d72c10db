// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dubbo/interpret.hpp"

#include "actors/container/l7/byte_cursor.hpp"

#include <algorithm>
#include <optional>

namespace troupe::l7::dubbo {
namespace {

constexpr uint8_t status_ok = 20;

/// A string of Hessian 2: its length is in UTF-16 units, which are bytes of names in ASCII. Others
/// are not read.
std::string_view hessian_string(byte_cursor& body) {
  const auto tag = body.u8();
  uint64_t size = 0;
  if (tag <= 0x1f)
    size = tag;
  else if (tag >= 0x30 && tag <= 0x33)
    size = static_cast<uint64_t>(tag - 0x30U) << 8U | body.u8();
  else if (tag == 'S')
    size = body.u16();
  else if (tag != 'N')
    body.fail();
  const auto text = body.take(size);
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; }))
    body.fail();
  return body.good() ? text : std::string_view{};
}

/// Of fastjson, which writes a value a line.
std::string_view json_string(byte_cursor& body) {
  const auto line = body.take(body.rest().find('\n'));
  body.skip(1);
  if (line == "null")
    return {};
  if (line.size() < 2 || line.front() != '"' || line.back() != '"'
      || line.find('\\') != std::string_view::npos) {
    body.fail();
    return {};
  }
  return line.substr(1, line.size() - 2);
}

/// What is behind a fine status: a number of 0 to 5. Nothing where it is not known.
std::optional<int> result_kind(const header& x, byte_cursor body) {
  constexpr uint8_t hessian_zero = 0x90; // Small integers have one byte.
  const auto zero = x.encoding == serialization::hessian2 ? hessian_zero : uint8_t{'0'};
  const auto kind = body.u8();
  const auto is_known =
      x.encoding == serialization::hessian2 || x.encoding == serialization::fastjson;
  if (!body.good() || !is_known || kind < zero || kind > zero + 5)
    return std::nullopt;
  return kind - zero;
}

} // namespace

void tell_request(const header& x, std::string_view message, l7_exchange& told) {
  told.protocol = l7_protocol::dubbo;
  byte_cursor body{message.substr(std::min(message.size(), header_bytes))};
  const auto is_json = x.encoding == serialization::fastjson;
  if (!is_json && x.encoding != serialization::hessian2)
    return;
  const auto next = [&] {
    return is_json ? json_string(body) : hessian_string(body);
  };
  next(); // Dubbo's version.
  const auto service = next();
  const auto version = next();
  const auto method = next();
  if (!body.good())
    return;
  told.operation = service.substr(0, operation_bytes_max / 2);
  told.operation.append(".").append(method, 0, operation_bytes_max / 2 - 1);
  told.detail = version.substr(0, detail_bytes_max);
}

void tell_answer(const header& x, std::string_view message, l7_exchange& told) {
  told.status = x.status;
  if (x.status != status_ok) {
    told.outcome = l7_outcome::failed;
    return;
  }
  const auto kind =
      result_kind(x, byte_cursor{message.substr(std::min(message.size(), header_bytes))});
  // 0 and 3 are exceptions, without and with attachments.
  if (kind)
    told.outcome = *kind == 0 || *kind == 3 ? l7_outcome::failed : l7_outcome::ok;
}

} // namespace troupe::l7::dubbo
