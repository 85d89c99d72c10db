// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/foundationdb/flat_table.hpp"

#include "actors/container/l7/byte_cursor.hpp"

namespace troupe::l7::foundationdb {
namespace {

constexpr size_t root_bytes = 8; ///< where the outermost table is, and the type of the message
constexpr size_t fields_max = 256;

std::optional<uint64_t> number_at(std::string_view message, uint64_t begin, size_t size) {
  if (begin > message.size() || size > message.size() - begin)
    return std::nullopt;
  uint64_t result = 0;
  for (size_t i = size; i-- > 0;)
    result = result << 8U | static_cast<uint8_t>(message[begin + i]);
  return result;
}

} // namespace

std::optional<flat_table> flat_table::at(std::string_view message, uint64_t begin) {
  const auto back = number_at(message, begin, 4); // From here to the list of places.
  if (!back)
    return std::nullopt;
  const auto distance = static_cast<int32_t>(*back);
  const auto places = static_cast<int64_t>(begin) - distance;
  if (places < static_cast<int64_t>(root_bytes))
    return std::nullopt;
  const auto list = static_cast<uint64_t>(places);
  const auto list_bytes = number_at(message, list, 2);
  const auto bytes = number_at(message, list + 2, 2);
  if (!list_bytes || !bytes || *list_bytes < 4 || *list_bytes % 2 != 0 || *bytes < 4)
    return std::nullopt;
  const auto fields = static_cast<size_t>((*list_bytes - 4) / 2);
  if (fields > fields_max || list + *list_bytes > message.size())
    return std::nullopt;
  flat_table x;
  x.message_ = message;
  x.begin_ = static_cast<size_t>(begin);
  x.places_ = static_cast<size_t>(list) + 4;
  x.fields_ = fields;
  x.bytes_ = static_cast<size_t>(*bytes);
  return x;
}

std::optional<flat_table> flat_table::root(std::string_view message) {
  const auto begin = number_at(message, 0, 4);
  if (!begin || *begin < root_bytes)
    return std::nullopt;
  return at(message, *begin);
}

std::string_view flat_table::inlined(size_t field, size_t size) const {
  if (field >= fields_)
    return {};
  const auto place = number_at(message_, places_ + 2 * field, 2).value_or(0);
  if (place < 4 || place + size > bytes_) // 0: it is not there.
    return {};
  const auto begin = begin_ + static_cast<size_t>(place);
  if (begin > message_.size() || size > message_.size() - begin)
    return {};
  return message_.substr(begin, size);
}

uint64_t flat_table::numbered(size_t field, size_t size, uint64_t otherwise) const {
  const auto bytes = inlined(field, size);
  return bytes.empty() ? otherwise : *number_at(bytes, 0, size);
}

std::optional<uint8_t> flat_table::number8(size_t field) const {
  const auto x = numbered(field, 1, UINT64_MAX);
  return x == UINT64_MAX ? std::nullopt : std::optional{static_cast<uint8_t>(x)};
}

std::optional<uint16_t> flat_table::number16(size_t field) const {
  const auto x = numbered(field, 2, UINT64_MAX);
  return x == UINT64_MAX ? std::nullopt : std::optional{static_cast<uint16_t>(x)};
}

std::optional<flat_table> flat_table::table(size_t field) const {
  const auto ahead = numbered(field, 4, UINT64_MAX);
  if (ahead == UINT64_MAX)
    return std::nullopt;
  const auto bytes = inlined(field, 4);
  return at(message_, static_cast<uint64_t>(bytes.data() - message_.data()) + ahead);
}

} // namespace troupe::l7::foundationdb
