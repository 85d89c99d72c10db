// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/connections.hpp"

#include <algorithm>
#include <utility>

namespace troupe::l7 {

namespace {

/// The client's bytes are those that the owner sends, where the owner dialled. Some protocols want
/// more than the kernel captures.
l7_verdict verdict_of(const protocol& spoken, bool outbound) {
  const auto client = std::min<uint16_t>(spoken.client_bytes, L7_CAPTURE_MAX);
  const auto server = std::min<uint16_t>(spoken.server_bytes, L7_CAPTURE_MAX);
  l7_verdict verdict{};
  verdict.bytes[0] = outbound ? client : server;
  verdict.bytes[1] = outbound ? server : client;
  if (spoken.server_tail)
    verdict.tails = outbound ? 2 : 1;
  return verdict;
}

l7_verdict opaque_verdict() {
  l7_verdict verdict{};
  verdict.opaque = 1;
  return verdict;
}

template <class Record>
connection_ends ends_of(const Record& record) {
  return {record.socket_cookie, record.header.pid, record.header.start_boottime_ns,
          (record.flags & L7_OUTBOUND) != 0, record.endpoints};
}

uint16_t server_port(const connection_ends& ends) {
  return ends.outbound ? ends.endpoints.remote_port : ends.endpoints.local_port;
}

} // namespace

void connections::take(const l7_chunk& record, std::string_view bytes, observer& out) {
  auto found = known_.find(record.socket_cookie);
  if (found == known_.end()) {
    if (known_.size() >= most)
      return out.decided(record.socket_cookie, opaque_verdict());
    found = known_.try_emplace(record.socket_cookie).first;
    found->second.ends = ends_of(record);
    out.met(found->second.ends);
    found->second.midstream = (record.flags & L7_MIDSTREAM) != 0 || record.position != 0;
  }
  auto& x = found->second;
  if (x.opaque)
    return; // Sent before the kernel heard of it.
  const bool sent = (record.flags & L7_SENT) != 0;
  if ((record.flags & L7_AFTER_TURNS) != 0) {
    if (x.spoken != nullptr)
      resume(x, record, out);
    return;
  }
  const chunk said{record.header.time_ns, record.position, record.size, bytes,
                   (record.flags & L7_TAIL) != 0};
  listen(x, sent == x.ends.outbound ? side::client : side::server, said, out);
}

void connections::listen(entry& x, side from, const chunk& told, observer& out) {
  if (x.spoken == nullptr) {
    auto& opening = x.opening[static_cast<size_t>(from)];
    if (!told.is_tail)
      opening += told.captured.substr(0, opening_bytes_max - opening.size());
    x.kept.push_back({from, told, std::string{told.captured}});
    return guess(x, out);
  }
  auto said = told;
  if (said.is_tail && (!x.spoken->server_tail || from == side::client))
    said.captured = {}; // Not asked for: it was not clear yet what is spoken.
  out.captured(x.spoken->name, said.captured.size());
  labelled_sink heard{x.ends, x.spoken->name, out};
  x.talk->take(from, said, heard);
  x.said_bytes[static_cast<size_t>(from)] = said.position + said.size;
  if (x.talk->is_over())
    return give_up(x, out);
  const auto* const now = x.talk->changed_to();
  if (now != nullptr && now != x.spoken) {
    x.spoken = now;
    out.decided(x.ends.socket_cookie, verdict_of(*now, x.ends.outbound));
  }
  if (!x.opaque && (x.spoken->turns != L7_TURNS_NONE || x.spoken->has_frames)
      && x.talk->is_at_rest())
    tell_rest(x, out);
}

/// The kernel counts turns or follows frames from now on, if it agrees that all is at rest.
void connections::tell_rest(entry& x, observer& out) {
  if (++x.rests < x.rests_needed)
    return;
  x.rests = 0;
  x.rests_needed = std::min(2 * x.rests_needed, rests_needed_most);
  auto verdict = verdict_of(*x.spoken, x.ends.outbound);
  verdict.turns = static_cast<uint8_t>(x.spoken->turns);
  verdict.frames = x.spoken->has_frames ? 1 : 0;
  verdict.rest[x.ends.outbound ? 0 : 1] = x.said_bytes[static_cast<size_t>(side::client)];
  verdict.rest[x.ends.outbound ? 1 : 0] = x.said_bytes[static_cast<size_t>(side::server)];
  out.decided(x.ends.socket_cookie, verdict);
}

/// The kernel has counted all that was before this sign but for a request without its answer.
void connections::resume(entry& x, const l7_chunk& record, observer& out) {
  labelled_sink heard{x.ends, x.spoken->name, out};
  x.talk->close(heard);
  x.talk = x.spoken->converse();
  if ((record.flags & L7_TURN_ASKED) == 0)
    return;
  const auto request = x.spoken->turn_request;
  x.talk->take(side::client,
               {record.header.time_ns - uint64_t{1000} * record.asked_us,
                record.position - request.size(), request.size(), request},
               heard);
}

/// The kernel knows a protocol by itself, if it was the connection's first. A recording may name
/// a rule that no protocol has.
bool connections::is_counted_by(uint8_t rule, entry& x, observer& out) {
  if (rule == L7_TURNS_NONE)
    return false;
  for (const auto* candidate : *spoken_)
    if (x.spoken == nullptr && candidate->turns == rule)
      is_off(*candidate) ? give_up(x, out) : begin(x, *candidate, out);
  return x.spoken != nullptr && x.spoken->turns == rule;
}

void connections::turned(const l7_turns& record, observer& out) {
  auto found = known_.find(record.socket_cookie);
  if (found == known_.end()) { // What it began with was lost.
    if (known_.size() >= most)
      return;
    found = known_.try_emplace(record.socket_cookie).first;
    found->second.ends = ends_of(record);
    found->second.midstream = true;
  }
  auto& x = found->second;
  if (x.opaque || !is_counted_by(record.rule, x, out))
    return;
  turn_counts fresh;
  uint32_t turns = 0;
  for (size_t i = 0; i < fresh.answers.size(); ++i) {
    fresh.answers[i] = {record.statuses[i], x.spoken->outcome_of_turn(record.statuses[i]),
                        record.counts[i] - x.told.counts[i]};
    turns += fresh.answers[i].count;
  }
  for (size_t i = 0; i < fresh.durations.size(); ++i)
    fresh.durations[i] = record.durations[i] - x.told.durations[i];
  fresh.duration_sum_ns = record.duration_sum_ns - x.told.duration_sum_ns;
  x.told = record;
  if (turns >= turns_worth_asking)
    x.rests_needed = 1;
  out.turned(x.ends, x.spoken->name, fresh);
}

void connections::guess(entry& x, observer& out) {
  const opening begun{x.opening[0], x.opening[1], server_port(x.ends), x.midstream};
  bool open = false;
  for (const auto* candidate : *spoken_) {
    const auto result = candidate->classify(begun);
    if (result == match::yes)
      return is_off(*candidate) ? give_up(x, out) : begin(x, *candidate, out);
    open = open || result == match::perhaps;
  }
  const bool seen_enough = x.opening[0].size() >= opening_bytes_max
                           || x.opening[1].size() >= opening_bytes_max
                           || x.kept.size() >= opening_chunks_max;
  if (!open || seen_enough)
    give_up(x, out);
}

/// What was said before it was clear what is spoken counts as well.
void connections::begin(entry& x, const protocol& found, observer& out) {
  x.spoken = &found;
  x.talk = found.converse();
  out.decided(x.ends.socket_cookie, verdict_of(found, x.ends.outbound));
  for (auto& kept : std::exchange(x.kept, {})) {
    kept.content.captured = kept.bytes;
    if (!x.opaque)
      listen(x, kept.from, kept.content, out);
  }
  for (auto& opening : x.opening)
    opening = {};
}

void connections::give_up(entry& x, observer& out) {
  x.opaque = true;
  if (x.talk) {
    labelled_sink heard{x.ends, x.spoken->name, out};
    x.talk->close(heard);
  }
  x.talk.reset();
  x.kept = {};
  for (auto& opening : x.opening)
    opening = {};
  out.decided(x.ends.socket_cookie, opaque_verdict());
}

bool connections::closed(uint64_t socket_cookie, observer& out) {
  const auto found = known_.find(socket_cookie);
  if (found == known_.end())
    return false;
  auto& x = found->second;
  if (x.talk) {
    labelled_sink heard{x.ends, x.spoken->name, out};
    x.talk->close(heard);
  }
  known_.erase(found);
  return true;
}

void connections::absorb(connections&& other) {
  // The routes were switched in between: what the heir saw of a connection begins in its midst.
  for (auto& [cookie, theirs] : other.known_)
    known_.insert_or_assign(cookie, std::move(theirs));
  other.known_.clear();
}

} // namespace troupe::l7
