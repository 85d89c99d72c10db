// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it stands between actors.

#include "actors/recorder/taps.hpp"

#include "actors/supervisor/actor_defaults.hpp"

namespace troupe {

namespace {

/// Who asks has a deadline of its own: these only bound what a tap remembers.
constexpr std::chrono::seconds walk_timeout{90};
constexpr std::chrono::seconds answer_timeout{60};

/// Lives and ends as the actor behind it.
template <class Self, class Handle>
void stand_in_for(Self* self, const Handle& inner) {
  self->link_to(inner);
  self->set_exit_handler([self, inner](const caf::exit_msg& exit) {
    if (exit.source != inner.address())
      self->send_exit(inner, exit.reason);
    self->quit(exit.reason);
  });
}

/// Passes the question on; `copy` sees the answer before the asker does.
template <class Answer, class Self, class Handle, class Question, class Copy>
caf::result<Answer> pass_on(Self* self, const Handle& to, std::chrono::seconds timeout,
                            const Question& question, Copy copy) {
  auto promise = self->template make_response_promise<Answer>();
  self->request(to, timeout, question)
      .then(
          [promise, copy](Answer& answer) mutable {
            copy(answer);
            promise.deliver(std::move(answer));
          },
          [promise](caf::error& error) mutable { promise.deliver(std::move(error)); });
  return promise;
}

template <class T>
void keep_nothing(const T& /*answer*/) {}

} // namespace

host_actor::behavior_type host_tap(gauged_pointer<host_actor, host_tap_state> self,
                                   const host_actor& host, const recorder_actor& recorder) {
  install_defaults(self, "host_tap");
  stand_in_for(self, host);
  self->state.host = host;
  return {
      [self](const get_node_info& x) {
        return pass_on<node_info>(self, self->state.host, answer_timeout, x,
                                  keep_nothing<node_info>);
      },
      [self, recorder](const scan_cgroups& x) {
        return pass_on<cgroup_listing>(
            self, self->state.host, walk_timeout, x,
            [self, recorder](const cgroup_listing& listing) { self->send(recorder, listing); });
      },
      [self, recorder](const cgroup_unknown& x) {
        return pass_on<cgroup_found>(self, self->state.host, answer_timeout, x,
                                     [self, recorder](const cgroup_found& found) {
                                       self->send(recorder, cgroup_listing{{found}, false});
                                     });
      },
  };
}

metadata_tap_actor::behavior_type
metadata_tap(gauged_pointer<metadata_tap_actor, metadata_tap_state> self,
             const runtime_metadata_actor& metadata, const recorder_actor& recorder) {
  install_defaults(self, "metadata_tap");
  stand_in_for(self, metadata);
  self->state.metadata = metadata;
  return {
      [self](const resolve_container& x, const metadata_sink_actor& sink) {
        self->state.questions.insert_or_assign(x.key,
                                               metadata_tap_state::question{x.identity, sink});
        self->send(self->state.metadata, x, metadata_sink_actor{self});
      },
      [self](const abandon_container& x) {
        self->state.questions.erase(x.key);
        self->send(self->state.metadata, x);
      },
      [self](const list_all& x) {
        return pass_on<runtime_listing>(self, self->state.metadata, answer_timeout, x,
                                        keep_nothing<runtime_listing>);
      },
      [self](const get_status& x) {
        using answer = std::vector<runtime_status>;
        return pass_on<answer>(self, self->state.metadata, answer_timeout, x, keep_nothing<answer>);
      },
      [self, recorder](const container_resolved& x) {
        const auto found = self->state.questions.find(x.key);
        if (found == self->state.questions.end())
          return; // Abandoned meanwhile.
        self->send(recorder, recorded_metadata{found->second.identity, x.metadata, x.removed});
        self->send(found->second.sink, x);
      },
  };
}

} // namespace troupe
