// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mongo/bson.hpp"

#include <algorithm>
#include <bit>

namespace troupe::l7::mongo {
namespace {

constexpr uint64_t cut = UINT64_MAX; // Longer than what is here, or of no type that exists.

/// Of a value that begins with a length: that many bytes, and so many besides.
uint64_t counted_bytes(std::string_view rest, uint64_t besides) {
  byte_cursor cursor{rest};
  const uint64_t size = cursor.u32_little();
  return cursor.good() ? size + besides : cut;
}

uint64_t two_texts_bytes(std::string_view rest) {
  const auto first = rest.find('\0');
  const auto second = first == std::string_view::npos ? first : rest.find('\0', first + 1);
  return second == std::string_view::npos ? cut : second + 1;
}

/// Of a value of this type: the types are those of the BSON specification.
uint64_t value_bytes(uint8_t type, std::string_view rest) {
  switch (type) {
    case 0x06: // undefined
    case 0x0a: // null
    case 0x7f: // max key
    case 0xff: // min key
      return 0;
    case 0x08: // bool
      return 1;
    case 0x10: // int32
      return 4;
    case 0x01: // double
    case 0x09: // time
    case 0x11: // timestamp
    case 0x12: // int64
      return 8;
    case 0x07: // object id
      return 12;
    case 0x13: // decimal128
      return 16;
    case 0x02: // string
    case 0x0d: // code
    case 0x0e: // symbol
      return counted_bytes(rest, 4);
    case 0x03: // document
    case 0x04: // array
    case 0x0f: // code with scope
      return std::max<uint64_t>(counted_bytes(rest, 0), 5);
    case 0x05: // binary: length, subtype, bytes
      return counted_bytes(rest, 5);
    case 0x0b: // regular expression
      return two_texts_bytes(rest);
    case 0x0c: // pointer: string, object id
      return counted_bytes(rest, 16);
    default:
      return cut;
  }
}

} // namespace

std::string_view bson_element::text() const {
  if (type != 0x02)
    return {};
  byte_cursor cursor{value};
  const uint64_t size = cursor.u32_little();
  return size == 0 ? std::string_view{} : cursor.take(size - 1);
}

std::optional<double> bson_element::number() const {
  byte_cursor cursor{value};
  double result = 0;
  if (type == 0x01)
    result = std::bit_cast<double>(cursor.u64_little());
  else if (type == 0x10)
    result = static_cast<int32_t>(cursor.u32_little());
  else if (type == 0x12)
    result = static_cast<double>(static_cast<int64_t>(cursor.u64_little()));
  else if (type == 0x08)
    result = cursor.u8();
  else
    return std::nullopt;
  return cursor.good() ? std::optional{result} : std::nullopt;
}

bson_reader::bson_reader(std::string_view document) : cursor_(document) {
  const auto size = cursor_.u32_little();
  if (size < 5)
    cursor_.fail();
  else
    cursor_ = byte_cursor{document.substr(0, size).substr(4)};
}

std::optional<bson_element> bson_reader::next() {
  bson_element x;
  x.type = cursor_.u8();
  if (!cursor_.good() || x.type == 0) {
    is_whole_ = is_whole_ || cursor_.good();
    cursor_.fail();
    return std::nullopt;
  }
  const auto name_end = cursor_.rest().find('\0');
  if (name_end == std::string_view::npos) {
    cursor_.fail();
    return std::nullopt;
  }
  x.name = cursor_.take(name_end);
  cursor_.skip(1);
  const auto size = value_bytes(x.type, cursor_.rest());
  x.value = cursor_.take_some(size);
  if (!cursor_.good() && !x.is_document())
    return std::nullopt;
  return x;
}

} // namespace troupe::l7::mongo
