// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/metadata_book.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace troupe {
namespace {

// After a stream opened its list is on the way and answers most questions at once.
constexpr std::chrono::milliseconds list_grace{250};

bool is_alive(const container_metadata& metadata) {
  return metadata.state == container_state::running || metadata.state == container_state::paused;
}

container_change change_of(const cached_container& x, runtime_event_kind kind) {
  return {kind, x.metadata, x.named, x.complete, 0, 0, {}};
}

// Errors after which a lookup would only fail the same way.
bool is_silence(ec code) {
  return code == ec::runtime_absent || code == ec::runtime_forbidden
         || code == ec::runtime_unreachable || code == ec::runtime_timeout
         || code == ec::shutting_down || code == ec::invalid_configuration;
}

} // namespace

metadata_book::metadata_book(const std::vector<runtime_endpoint>& endpoints, bool details)
    : details_(details) {
  for (const auto& endpoint : endpoints)
    add_endpoint(endpoint, {});
}

void metadata_book::add_endpoint(const runtime_endpoint& endpoint, time_point now) {
  auto& record = endpoints_.emplace_back();
  record.status.endpoint = endpoint;
  record.status.message = "not asked yet";
  ask_what_is_open(now);
}

// ---- who knows whom

bool metadata_book::docker_absent() const {
  return std::none_of(endpoints_.begin(), endpoints_.end(), [](const auto& x) {
    return x.status.endpoint.kind == runtime_kind::docker && x.status.error != ec::runtime_absent;
  });
}

// docker keeps its containers in containerd too, in a namespace of its own and without their names.
bool metadata_book::is_dockers(size_t endpoint, const std::string& name_space) const {
  return endpoints_[endpoint].status.endpoint.kind == runtime_kind::containerd
         && name_space == moby_namespace && !docker_absent();
}

bool metadata_book::concerns(size_t endpoint, const cgroup_identity& identity) const {
  const auto kind = endpoints_[endpoint].status.endpoint.kind;
  switch (identity.runtime) {
    case runtime_kind::docker:
      return kind == runtime_kind::docker || is_bundles(endpoint)
             || (kind == runtime_kind::containerd && docker_absent());
    case runtime_kind::containerd:
      return kind == runtime_kind::containerd || is_bundles(endpoint)
             || (kind == runtime_kind::crio && !identity.pod_uid.empty());
    case runtime_kind::crio:
    case runtime_kind::podman:
      return kind == identity.runtime || is_bundles(endpoint);
    case runtime_kind::systemd:
      return kind == runtime_kind::systemd;
    case runtime_kind::kubernetes:
    case runtime_kind::unknown:
      return kind != runtime_kind::systemd;
    default:
      return false;
  }
}

// The OCI bundles on disk: no runtime, but what runtimes leave there.
bool metadata_book::is_bundles(size_t endpoint) const {
  return endpoints_[endpoint].status.endpoint.kind == runtime_kind::unknown;
}

// Of docker's, containerd knows no names; docker wrote them down.
bool metadata_book::lacks_name(const cached_container& x) const {
  return x.metadata.runtime == runtime_kind::docker && x.metadata.name.empty()
         && !is_bundles(x.endpoint);
}

// Whether no runtime can answer: none is there, or each was heard not to.
bool metadata_book::no_api_for(const cgroup_identity& identity) const {
  for (size_t i = 0; i < endpoints_.size(); ++i)
    if (!is_bundles(i) && concerns(i, identity)
        && (!endpoints_[i].heard || endpoints_[i].status.answering))
      return false;
  return true;
}

const cached_container* metadata_book::best(const cgroup_identity& identity) const {
  // What a runtime says goes before what its files say. Two namespaces may have containers of one
  // id; a dead one's id may be used again.
  const auto rank = [this](const cached_container& x) {
    return std::tuple{!x.removed,           x.named,  !lacks_name(x), !is_bundles(x.endpoint),
                      is_alive(x.metadata), x.version};
  };
  const cached_container* result = nullptr;
  for (const auto* entry : cache_.find({identity.id, identity.name_space}))
    if (concerns(entry->endpoint, identity)
        && !is_dockers(entry->endpoint, entry->metadata.name_space)
        && (result == nullptr || rank(*entry) > rank(*result)))
      result = entry;
  return result;
}

// ---- wants

const cached_container* metadata_book::answer(container_key key, want_record& want) {
  const auto* entry = best(want.identity);
  if (entry != nullptr && entry->named && entry->version != want.sent_version) {
    want.sent_version = entry->version;
    updates_.push_back({key, entry->metadata, entry->removed});
  }
  return entry;
}

void metadata_book::ask(const cgroup_identity& identity, time_point now) {
  for (size_t i = 0; i < endpoints_.size(); ++i)
    if (!is_bundles(i) && concerns(i, identity))
      endpoints_[i].queue.ask({identity.id, identity.name_space}, true, now);
  const bool is_orphan = identity.runtime == runtime_kind::docker && docker_absent();
  if (is_orphan || no_api_for(identity))
    ask_bundles(identity, now);
}

// About those of whom nobody has said anything.
void metadata_book::ask_what_is_open(time_point now) {
  for (const auto& [key, want] : wants_)
    if (want.sent_version == 0)
      ask(want.identity, now);
}

// A cgroup is there before its container's monitor tells whose it is.
void metadata_book::ask_bundles(const cgroup_identity& identity, time_point now) {
  for (size_t i = 0; i < endpoints_.size(); ++i)
    if (is_bundles(i) && concerns(i, identity))
      endpoints_[i].queue.ask({identity.id, identity.name_space}, true, now);
}

void metadata_book::answer_or_ask(container_key key, time_point now) {
  auto& want = wants_.at(key);
  const auto* entry = answer(key, want);
  if (entry == nullptr || !entry->named || lacks_name(*entry))
    ask(want.identity, now);
  else if (!entry->complete)
    endpoints_[entry->endpoint].queue.ask({want.identity.id, entry->metadata.name_space}, true,
                                          now);
}

void metadata_book::want(container_key key, const cgroup_identity& identity, time_point now) {
  forget(key); // It may have been asked for under another identity.
  wants_.emplace(key, want_record{identity});
  by_id_.emplace(identity.id, key);
  answer_or_ask(key, now);
}

void metadata_book::forget(container_key key) {
  auto want = wants_.find(key);
  if (want == wants_.end())
    return;
  const auto id = std::move(want->second.identity.id);
  wants_.erase(want);
  const auto [first, last] = by_id_.equal_range(id);
  if (auto i = std::find_if(first, last, [&](const auto& x) { return x.second == key; }); i != last)
    by_id_.erase(i);
  if (wanted(id))
    return;
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    endpoints_[i].queue.drop(id);
    if (is_bundles(i)) // Nobody tells when they are gone.
      cache_.remove(i, {id, {}});
  }
}

// Something was said about this container: tell those who want to know. Once all is known, no
// endpoint need be asked any more.
void metadata_book::tell(const std::string& id) {
  const auto [first, last] = by_id_.equal_range(id);
  bool open = first == last;
  for (auto i = first; i != last; ++i) {
    const auto* entry = answer(i->second, wants_.at(i->second));
    open = open || entry == nullptr || !entry->named || !entry->complete || lacks_name(*entry);
  }
  if (!open)
    for (auto& endpoint : endpoints_)
      endpoint.queue.drop(id);
}

// As above, and where the news were not all there is to know, asks at once. Not after a lookup:
// one that cannot find out all would be repeated without a pause.
void metadata_book::tell_and_ask(const std::string& id, time_point now) {
  tell(id);
  const auto [first, last] = by_id_.equal_range(id);
  for (auto i = first; i != last; ++i)
    if (const auto* entry = best(wants_.at(i->second).identity);
        entry != nullptr && !entry->complete)
      endpoints_[entry->endpoint].queue.ask({id, entry->metadata.name_space}, true, now);
}

// A runtime lives and does not know it: perhaps it is another's, of which there is no socket.
void metadata_book::ask_bundles_about(const std::string& id, time_point now) {
  const auto [first, last] = by_id_.equal_range(id);
  for (auto i = first; i != last; ++i)
    if (const auto& want = wants_.at(i->second); want.sent_version == 0)
      ask_bundles(want.identity, now);
}

// ---- who observes

std::vector<container_change> metadata_book::observe(time_point now) {
  observed_ = true;
  std::vector<container_change> known;
  cache_.for_each([&](const cached_container& x) {
    known.push_back(change_of(x, runtime_event_kind::listed));
    if (!x.complete)
      ask_for_observers(x, now);
  });
  return known;
}

void metadata_book::unobserve() {
  observed_ = false;
  changes_.clear();
}

std::vector<container_change> metadata_book::take_changes() {
  return std::exchange(changes_, {});
}

// An answer, which is no event of the container: what is new in it was so before.
void metadata_book::put(size_t endpoint, container_answer answer, time_point now) {
  if (!details_)
    answer.metadata.details.reset();
  const auto known = cache_.version();
  const auto* entry = cache_.put(endpoint, answer, now);
  if (observed_ && entry != nullptr && entry->version > known)
    changes_.push_back(change_of(*entry, runtime_event_kind::listed));
  if (observed_ && entry != nullptr && !entry->complete)
    ask_for_observers(*entry, now);
}

void metadata_book::note(const cached_container& entry, const runtime_event& event,
                         time_point now) {
  auto& change = changes_.emplace_back(change_of(entry, event.kind));
  change.time_ns = event.time_ns;
  change.heard_ns = event.heard_ns;
  change.exec = event.exec;
  // In docker's events a label takes the place of an attribute with the same name.
  if (entry.metadata.runtime == runtime_kind::docker) {
    if (entry.metadata.labels.contains("execID"))
      change.exec.id.clear();
    if (entry.metadata.labels.contains("exitCode"))
      change.exec.exit_code.reset();
  }
  if (!entry.complete)
    ask_for_observers(entry, now);
}

// Nobody else may want to know all of it.
void metadata_book::ask_for_observers(const cached_container& entry, time_point now) {
  endpoints_[entry.endpoint].queue.ask({entry.metadata.id, entry.metadata.name_space}, true, now);
}

// We missed the event, so nobody knows when it was.
void metadata_book::note_removal(size_t endpoint, const container_query& query) {
  if (!observed_)
    return;
  for (const auto* entry : cache_.find(query))
    if (entry->endpoint == endpoint && entry->removed)
      changes_.push_back(change_of(*entry, runtime_event_kind::removed));
}

// ---- news

void metadata_book::opened(size_t endpoint, std::string version, time_point now) {
  auto& record = endpoints_[endpoint];
  record.status.present = record.status.answering = true;
  record.status.error = ec::none;
  record.status.message.clear();
  if (!version.empty())
    record.status.version = std::move(version);
  record.ready = record.heard = true;
  record.queue.wake_all(now + list_grace);
}

void metadata_book::lost(size_t endpoint, const call_error& error, time_point now) {
  auto& record = endpoints_[endpoint];
  const bool was_silent = record.heard && !record.status.answering;
  record.status.present =
      error.code != ec::runtime_absent && error.code != ec::invalid_configuration;
  record.status.answering = false;
  record.status.error = error.code;
  record.status.message = error.message;
  record.ready = !is_silence(error.code);
  record.heard = true;
  // Others may know its containers: containerd those of docker, and the disk those of all.
  if (!was_silent)
    ask_what_is_open(now);
}

void metadata_book::listed(size_t endpoint, const std::vector<container_answer>& answers,
                           time_point begun, time_point now) {
  if (is_bundles(endpoint)) // They count only where no runtime answers: then one by one.
    return;
  for (const auto& answer : answers)
    if (!is_dockers(endpoint, answer.metadata.name_space))
      put(endpoint, answer, now);
  for (const auto& answer : answers)
    if (wanted(answer.metadata.id))
      tell_and_ask(answer.metadata.id, now);
  for (const auto& [id, name_space] : cache_.remove_unlisted(endpoint, answers, begun)) {
    note_removal(endpoint, {id, name_space});
    tell_and_ask(id, now);
  }
}

void metadata_book::happened(size_t endpoint, const runtime_event& event, time_point now) {
  const auto& id = event.metadata.id;
  if (is_dockers(endpoint, event.metadata.name_space))
    return;
  auto& queue = endpoints_[endpoint].queue;
  queue.touch(id);
  const auto* entry = cache_.apply(endpoint, event, now);
  if (entry == nullptr)
    return;
  if (observed_)
    note(*entry, event, now);
  // containerd's event names nobody, and the container may be gone before its cgroup is reported.
  if (event.kind == runtime_event_kind::created && !entry->named)
    queue.ask({id, event.metadata.name_space}, false, now);
  tell_and_ask(id, now);
}

void metadata_book::looked_up(size_t endpoint, const container_query& query,
                              call_result<container_answer> result, std::chrono::nanoseconds took,
                              time_point now) {
  auto& status = endpoints_[endpoint].status;
  auto& queue = endpoints_[endpoint].queue;
  const bool stale = queue.is_stale(query);
  status.lookup_latency.observe(static_cast<uint64_t>(std::max<int64_t>(took.count(), 0)));
  if (!result) {
    const bool unknown = result.error().code == ec::unknown_container;
    queue.finish(query, unknown ? lookup_outcome::unknown : lookup_outcome::failed, now);
    ++(unknown ? status.lookups_unknown : status.lookups_failed);
    if (unknown && !stale && cache_.remove(endpoint, query)) {
      if (!status.answering) // Else its event is on the way, with the time.
        note_removal(endpoint, query);
      tell(query.id);
    }
    if (unknown && !is_bundles(endpoint))
      ask_bundles_about(query.id, now);
    return;
  }
  ++status.lookups_ok;
  // A container whose shim hangs is asked about again, with backoff.
  queue.finish(query, result->complete ? lookup_outcome::found : lookup_outcome::failed, now);
  auto& metadata = result->metadata;
  if (is_dockers(endpoint, metadata.name_space))
    return;
  if (stale) { // Only what never changes counts: an event told more about its state.
    for (const auto* entry : cache_.find({metadata.id, metadata.name_space}))
      if (entry->endpoint == endpoint && entry->removed)
        return;
    metadata.state = container_state::unknown;
    result->complete = false;
  }
  put(endpoint, *result, now);
  tell(metadata.id);
}

// ---- what to do

std::vector<metadata_update> metadata_book::take_updates() {
  return std::exchange(updates_, {});
}

std::vector<container_query> metadata_book::take_lookups(size_t endpoint, size_t most,
                                                         time_point now) {
  auto& record = endpoints_[endpoint];
  return record.ready ? record.queue.take(most, now) : std::vector<container_query>{};
}

std::optional<metadata_book::time_point> metadata_book::next_due() const {
  std::optional<time_point> result;
  for (const auto& endpoint : endpoints_)
    if (auto due = endpoint.ready ? endpoint.queue.next_due() : std::nullopt;
        due && (!result || *due < *result))
      result = due;
  return result;
}

std::vector<runtime_status> metadata_book::statuses() const {
  std::vector<runtime_status> result;
  for (const auto& endpoint : endpoints_)
    result.push_back(endpoint.status);
  return result;
}

std::vector<runtime_status> metadata_book::runtime_statuses() const {
  auto result = statuses();
  std::erase_if(result, [](const auto& x) { return x.endpoint.kind == runtime_kind::unknown; });
  return result;
}

} // namespace troupe
