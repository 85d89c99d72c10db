// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/datagrams.hpp"

#include "actors/container/l7/dns/classify.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace troupe::l7 {

namespace {

constexpr uint16_t dns_port = 53;

/// Whether the owner asks. The kernel tells of a socket for the one port that is served there, at
/// either end. A server may ask other servers from that port as well: then the message says it.
bool is_outbound(const l7_chunk& record, std::string_view bytes) {
  if (record.endpoints.local_port != dns_port)
    return true;
  if (record.endpoints.remote_port != 0 && record.endpoints.remote_port != dns_port)
    return false;
  const bool sent = (record.flags & L7_SENT) != 0;
  return sent != dns::is_answer(bytes);
}

connection_ends ends_of(const l7_chunk& record, std::string_view bytes) {
  return {record.socket_cookie, record.header.pid, record.header.start_boottime_ns,
          is_outbound(record, bytes), record.endpoints};
}

bool is_same_remote(const tcp_endpoint_pair& a, const tcp_endpoint_pair& b) {
  return a.remote_port == b.remote_port && std::memcmp(a.remote, b.remote, sizeof(a.remote)) == 0;
}

void forget_remote(tcp_endpoint_pair& ends) {
  std::fill(std::begin(ends.remote), std::end(ends.remote), __u8{0});
  ends.remote_port = 0;
}

} // namespace

void datagrams::take(const l7_chunk& record, std::string_view bytes, observer& out) {
  auto& x = entry_of(record.socket_cookie, out);
  x.heard_ns = record.header.time_ns;
  if (x.opaque || !recognise(x, record, bytes, out))
    return;
  out.captured(x.spoken->name, bytes.size());
  const auto ends = ends_of(record, bytes);
  auto& at = talk_of(x, ends, bytes, out);
  if (ends.endpoints.remote_port != 0)
    at.ends.endpoints = ends.endpoints;
  at.ends.pid = ends.pid;
  at.ends.start_boottime_ns = ends.start_boottime_ns;
  const bool sent = (record.flags & L7_SENT) != 0;
  labelled_sink heard{at.ends, x.spoken->name, out};
  at.said->take(sent == ends.outbound ? side::client : side::server,
                {record.header.time_ns, 0, record.size, bytes}, heard);
  if (!ends.outbound) {
    // Who asks next is not known before it is answered.
    forget_remote(at.ends.endpoints);
    return;
  }
  if (at.said->is_at_rest())
    x.talks.erase(x.talks.begin() + (&at - x.talks.data()));
  if (x.talks.empty())
    known_.erase(record.socket_cookie);
}

datagrams::entry& datagrams::entry_of(uint64_t socket_cookie, observer& out) {
  if (const auto found = known_.find(socket_cookie); found != known_.end())
    return found->second;
  if (known_.size() >= most) {
    close(known_.begin()->second, out);
    known_.erase(known_.begin());
  }
  return known_[socket_cookie];
}

/// True where it is clear what is spoken. What nobody understands says nothing of a socket on which
/// something was understood: anybody can send it.
bool datagrams::recognise(entry& x, const l7_chunk& record, std::string_view bytes, observer& out) {
  if (x.spoken != nullptr)
    return true;
  const bool from_client = ((record.flags & L7_SENT) != 0) == is_outbound(record, bytes);
  const opening begun{from_client ? bytes : "", from_client ? "" : bytes, 0, false};
  for (const auto* candidate : *spoken_)
    if (candidate->classify(begun) == match::yes) {
      x.spoken = candidate;
      return true;
    }
  if (++x.strange < strange_most)
    return false;
  x.opaque = true;
  l7_verdict verdict{};
  verdict.opaque = 1;
  out.decided(record.socket_cookie, verdict);
  return false;
}

/// Where it is not known from whom an answer came, that is who was asked for it.
datagrams::talk* datagrams::find(entry& x, const connection_ends& ends, std::string_view bytes) {
  talk* only = nullptr;
  size_t count = 0;
  for (auto& known : x.talks) {
    if (known.ends.outbound != ends.outbound)
      continue;
    if (!ends.outbound || is_same_remote(known.ends.endpoints, ends.endpoints))
      return &known;
    only = &known;
    ++count;
  }
  if (ends.endpoints.remote_port != 0)
    return nullptr;
  if (count == 1)
    return only;
  const auto found = std::find_if(x.talks.begin(), x.talks.end(), [&](const talk& known) {
    return known.ends.outbound && known.said->awaits(bytes);
  });
  return found != x.talks.end() ? &*found : nullptr;
}

datagrams::talk& datagrams::talk_of(entry& x, const connection_ends& ends, std::string_view bytes,
                                    observer& out) {
  if (auto* known = find(x, ends, bytes))
    return *known;
  if (x.talks.size() >= peers_most) {
    auto& oldest = x.talks.front();
    labelled_sink heard{oldest.ends, x.spoken->name, out};
    oldest.said->close(heard);
    x.talks.erase(x.talks.begin());
  }
  auto& added = x.talks.emplace_back(talk{ends, x.spoken->converse()});
  out.met(added.ends);
  return added;
}

void datagrams::close(entry& x, observer& out) {
  for (auto& at : x.talks) {
    labelled_sink heard{at.ends, x.spoken->name, out};
    at.said->close(heard);
  }
}

void datagrams::expire(uint64_t now_ns, observer& out) {
  for (auto i = known_.begin(); i != known_.end();) {
    auto& x = i->second;
    for (auto& at : x.talks) {
      labelled_sink heard{at.ends, x.spoken->name, out};
      at.said->expire(now_ns, heard);
    }
    std::erase_if(x.talks,
                  [](const talk& at) { return at.ends.outbound && at.said->is_at_rest(); });
    const bool is_silent = x.heard_ns + silent_most_ns < now_ns;
    const bool is_idle = std::all_of(x.talks.begin(), x.talks.end(),
                                     [](const talk& at) { return at.said->is_at_rest(); });
    if ((x.talks.empty() && x.strange == 0) || (is_silent && is_idle)) {
      if (x.opaque)
        out.forgotten(i->first);
      i = known_.erase(i);
    } else {
      ++i;
    }
  }
}

void datagrams::absorb(datagrams&& other) {
  for (auto& [cookie, theirs] : other.known_)
    known_.insert_or_assign(cookie, std::move(theirs));
  other.known_.clear();
}

} // namespace troupe::l7
