// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/rabbitmq/interpret.hpp"

#include "actors/container/l7/byte_cursor.hpp"

namespace troupe::l7::rabbitmq {
namespace {

constexpr uint16_t has_content_type = 1U << 15;
constexpr uint16_t has_content_encoding = 1U << 14;
constexpr uint16_t has_headers = 1U << 13;
constexpr size_t trace_bytes_max = 128;

std::string_view short_string(byte_cursor& cursor) {
  return cursor.take(cursor.u8());
}

/// The value of a field in a table, where it is a string. Its types are those that RabbitMQ and
/// its clients use.
std::string_view field_value(byte_cursor& cursor) {
  switch (cursor.u8()) {
    case 't':
    case 'b':
    case 'B':
      cursor.skip(1);
      break;
    case 's':
    case 'u':
      cursor.skip(2);
      break;
    case 'I':
    case 'i':
    case 'f':
      cursor.skip(4);
      break;
    case 'D':
      cursor.skip(5);
      break;
    case 'l':
    case 'L':
    case 'd':
    case 'T':
      cursor.skip(8);
      break;
    case 'x':
    case 'A':
    case 'F':
      cursor.skip(cursor.u32());
      break;
    case 'S':
      return cursor.take(cursor.u32());
    case 'V':
      break;
    default:
      cursor.fail();
  }
  return {};
}

std::string find_traceparent(byte_cursor table) {
  std::string b3;
  while (table.good() && !table.rest().empty()) {
    const auto name = short_string(table);
    const auto value = field_value(table);
    if (name == "traceparent")
      return std::string{value.substr(0, trace_bytes_max)};
    if (name == "b3")
      b3 = value.substr(0, trace_bytes_max);
  }
  return b3;
}

} // namespace

bool tell_message(method_id method, std::string_view arguments, l7_exchange& told) {
  byte_cursor cursor{arguments};
  std::string_view verb;
  if (method == method_id::basic_publish) {
    verb = "publish";
    cursor.skip(2);
  } else if (method == method_id::basic_return) {
    verb = "return";
    cursor.skip(2);
    short_string(cursor);
  } else if (method == method_id::basic_deliver) {
    verb = "deliver";
    short_string(cursor); // The consumer's tag.
    cursor.skip(9);
  } else {
    verb = "get";
    cursor.skip(9);
  }
  const auto exchange = short_string(cursor);
  const auto key = short_string(cursor);
  told.protocol = l7_protocol::rabbitmq;
  told.method = method == method_id::basic_publish ? "produce" : "consume";
  told.operation = verb;
  if (!cursor.good())
    return false;
  told.subject = exchange.empty() ? key : exchange;
  told.detail = key;
  if (!told.subject.empty())
    told.operation.append(" ").append(told.subject, 0, operation_bytes_max - verb.size() - 1);
  return true;
}

std::string_view direction_of(method_id method) {
  switch (method) {
    case method_id::basic_publish:
      return "produce";
    case method_id::basic_consume:
    case method_id::basic_get:
      return "consume";
    default:
      return {};
  }
}

std::optional<content> read_content_header(std::string_view payload) {
  byte_cursor cursor{payload};
  cursor.skip(4); // Class and weight.
  content result;
  result.body_bytes = cursor.u64();
  if (!cursor.good())
    return std::nullopt;
  const auto properties = cursor.u16();
  if ((properties & has_content_type) != 0)
    short_string(cursor);
  if ((properties & has_content_encoding) != 0)
    short_string(cursor);
  if ((properties & has_headers) != 0)
    result.traceparent = find_traceparent(byte_cursor{cursor.take_some(cursor.u32())});
  return result;
}

std::optional<confirmation> read_confirmation(std::string_view arguments) {
  byte_cursor cursor{arguments};
  confirmation result;
  result.tag = cursor.u64();
  result.is_multiple = (cursor.u8() & 1U) != 0;
  return cursor.good() ? std::optional{result} : std::nullopt;
}

std::optional<complaint> read_complaint(std::string_view arguments, bool names_method) {
  byte_cursor cursor{arguments};
  complaint result;
  result.code = cursor.u16();
  if (!cursor.good())
    return std::nullopt;
  result.text = short_string(cursor);
  if (names_method)
    result.method = cursor.u32();
  return result;
}

} // namespace troupe::l7::rabbitmq
