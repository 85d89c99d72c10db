// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http/direction.hpp"

#include "actors/container/l7/http/frame.hpp"

namespace troupe::l7::http {

uint64_t direction::give_up(unparsed reason) {
  at = place::adrift;
  adrift_because = reason;
  searched = 0;
  return reader_.resynchronise();
}

bool direction::take(const chunk& x, sink& out) {
  const bool is_gap = x.position != std::exchange(expected_, x.position + x.size) && last_ns > 0;
  last_ns = x.time_ns;
  if (const auto lost = reader_.take(x); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  if (at == place::adrift)
    return !is_gap;
  if (!reader_.is_resumed())
    return true;
  at = place::adrift;
  adrift_because = unparsed::not_captured;
  searched = 0;
  return false;
}

bool direction::pass(uint64_t length, place next, sink& out) {
  searched = 0;
  at = next;
  if (const auto lost = reader_.pass(length); lost > 0)
    out.not_understood(unparsed::not_captured, lost);
  if (!reader_.is_resumed())
    return true;
  at = place::adrift;
  adrift_because = unparsed::not_captured;
  return false;
}

direction::chunks direction::pass_chunks(uint64_t& passed, sink& out) {
  while (has_bytes()) {
    uint64_t length = 0;
    auto next = place::chunk_line;
    auto framed = framing::whole;
    if (at == place::chunk_line) {
      chunk_line line;
      framed = read_chunk_line(bytes(), line);
      length = line.data > 0 ? line.length + line.data + 2 : line.length;
      next = line.data > 0 ? place::chunk_line : place::trailer;
    } else {
      trailer_line line;
      framed = read_trailer_line(bytes(), line);
      length = line.length;
      next = line.last ? place::head : place::trailer;
    }
    if (framed == framing::need_more && !is_cut())
      return chunks::wait;
    if (framed != framing::whole) {
      drop(framed == framing::invalid ? unparsed::out_of_sync : unparsed::not_captured, out);
      return chunks::lost;
    }
    passed += length;
    if (!pass(length, next, out))
      return chunks::lost;
    if (next == place::head)
      return chunks::end;
  }
  return chunks::wait;
}

} // namespace troupe::l7::http
