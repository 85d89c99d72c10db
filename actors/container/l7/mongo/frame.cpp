// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/mongo/frame.hpp"

#include "actors/container/l7/byte_cursor.hpp"

namespace troupe::l7::mongo {

std::optional<header> read_header(std::string_view bytes) {
  byte_cursor cursor{bytes};
  header x;
  x.length = cursor.u32_little();
  x.request_id = cursor.u32_little();
  x.response_to = cursor.u32_little();
  x.code = static_cast<op>(cursor.u32_little());
  return cursor.good() ? std::optional{x} : std::nullopt;
}

bool is_lawful(const header& x, side from) {
  if (x.length <= header_bytes || x.length > message_bytes_max)
    return false;
  switch (x.code) {
    case op::msg:
    case op::compressed:
      return true;
    case op::reply:
      return from == side::server;
    case op::update:
    case op::insert:
    case op::query:
    case op::get_more:
    case op::remove:
    case op::kill_cursors:
      return from == side::client;
  }
  return false;
}

} // namespace troupe::l7::mongo
