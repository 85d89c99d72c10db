// SPDX-License-Identifier: Apache-2.0
// Uses CAF: these are actors.

#include "actors/recorder/replay_actors.hpp"

#include "actors/supervisor/actor_defaults.hpp"

namespace troupe {

namespace {

/// So many answers about containers that were removed are kept for those who have yet to ask.
constexpr size_t removed_kept = 2'000;

using metadata_pointer = gauged_pointer<replay_metadata_actor, replay_metadata_state>;

replay_metadata_state::container name_of(const cgroup_identity& x) {
  return {x.runtime, x.name_space, x.id};
}

void answer(metadata_pointer self, const replay_metadata_state::container& about) {
  const auto& st = self->state;
  const auto question = st.questions.find(about);
  const auto known = st.answers.find(about);
  if (question != st.questions.end() && known != st.answers.end())
    self->send(question->second.sink, container_resolved{question->second.key, known->second.answer,
                                                         known->second.removed});
}

void resolve(metadata_pointer self, const resolve_container& x, const metadata_sink_actor& sink) {
  auto about = name_of(x.identity);
  self->state.asked.insert_or_assign(x.key, about);
  self->state.questions.insert_or_assign(about, replay_metadata_state::question{x.key, sink});
  answer(self, about);
}

void abandon(metadata_pointer self, container_key key) {
  auto& st = self->state;
  const auto about = st.asked.find(key);
  if (about == st.asked.end())
    return;
  if (const auto question = st.questions.find(about->second);
      question != st.questions.end() && question->second.key == key)
    st.questions.erase(question);
  st.asked.erase(about);
}

void learn(replay_metadata_state& st, const recorded_metadata& x,
           const replay_metadata_state::container& about) {
  st.answers.insert_or_assign(about, x);
  if (!x.removed)
    return;
  st.removed.push_back(about);
  if (st.removed.size() <= removed_kept)
    return;
  // Unless another one has been made with the same id.
  if (const auto oldest = st.answers.find(st.removed.front());
      oldest != st.answers.end() && oldest->second.removed)
    st.answers.erase(oldest);
  st.removed.pop_front();
}

runtime_listing list(const replay_metadata_state& st) {
  runtime_listing result;
  for (const auto& [about, x] : st.answers)
    if (!x.removed)
      result.containers.push_back(x.answer);
  return result;
}

} // namespace

replay_host_actor::behavior_type
replay_host(gauged_pointer<replay_host_actor, replay_host_state> self, const node_info& node) {
  install_defaults(self, "replay_host");
  self->state.node = node;
  return {
      [self](const get_node_info&) { return self->state.node; },
      [self](const scan_cgroups&) {
        cgroup_listing listing;
        listing.complete = false; // More may follow in the recording.
        for (const auto& [id, x] : self->state.cgroups)
          listing.cgroups.push_back(x);
        return listing;
      },
      [self](const cgroup_unknown& x) -> caf::result<cgroup_found> {
        if (const auto i = self->state.cgroups.find(x.cgroup); i != self->state.cgroups.end())
          return i->second;
        return make_error(ec::unknown_cgroup, std::to_string(x.cgroup));
      },
      [self](const cgroup_listing& x) {
        for (const auto& found : x.cgroups)
          self->state.cgroups.insert_or_assign(found.id, found);
      },
  };
}

replay_metadata_actor::behavior_type replay_metadata(metadata_pointer self) {
  install_defaults(self, "replay_metadata");
  return {
      [self](const resolve_container& x, const metadata_sink_actor& sink) {
        resolve(self, x, sink);
      },
      [self](const abandon_container& x) { abandon(self, x.key); },
      [self](const list_all&) { return list(self->state); },
      [](const get_status&) { return std::vector<runtime_status>{}; },
      [self](const recorded_metadata& x) {
        const auto about = name_of(x.asked);
        learn(self->state, x, about);
        answer(self, about);
      },
  };
}

} // namespace troupe
