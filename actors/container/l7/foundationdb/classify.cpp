// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/foundationdb/classify.hpp"

#include "actors/container/l7/foundationdb/frame.hpp"
#include "actors/container/l7/foundationdb/interpret.hpp"

namespace troupe::l7::foundationdb {

match classify(const opening& begun) {
  const auto& bytes = begun.client;
  if (bytes.empty())
    return begun.server.empty() || begun.in_midstream ? match::perhaps : match::no;
  const auto connect = read_connect_packet(bytes);
  if (connect && connect->bytes > 0)
    return match::yes;
  if (!begun.in_midstream)
    return connect ? match::perhaps : match::no;
  const auto checksum_bytes = find_checksum_bytes(bytes);
  if (checksum_bytes && is_known_request(read_packet(bytes, *checksum_bytes)->type))
    return match::yes;
  return bytes.size() < 64 && (bytes.size() < 4 || bytes[3] == '\0') ? match::perhaps : match::no;
}

} // namespace troupe::l7::foundationdb
