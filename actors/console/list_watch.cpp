// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it observes an actor.

#include "actors/console/list_watch.hpp"

#include "actors/console/change_feed.hpp"
#include "actors/console/container_listing.hpp"
#include "actors/console/record_writer.hpp"
#include "actors/console/table.hpp"
#include "actors/console/time_format.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <set>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Nobody tells of the containers that are known by their cgroup alone: they are looked for.
constexpr milliseconds walk_interval{1'000};
constexpr milliseconds overdue_interval{100};

class change_printer {
public:
  change_printer(const output_options& options, int out)
      : options_(options),
        out_(out),
        layout_(columns_of(infos_of(change_fields()), options), terminal_width(out)) {}

  [[nodiscard]] write_result print_header() const {
    return options_.is_structured() || !options_.headers ? write_result::ok
                                                         : write_all(out_, layout_.header());
  }

  [[nodiscard]] write_result print(const std::vector<list_change>& changes) const {
    std::string text;
    for (const auto& x : changes)
      append({x.change, unix_now_ns(), x.row}, text);
    return text.empty() ? write_result::ok : write_all(out_, text);
  }

private:
  void append(const change_row& row, std::string& text) const {
    const auto& fields = change_fields();
    if (options_.format == output_format::yaml) {
      text += yaml_document(make_record(fields, options_.fields, row));
    } else if (options_.format == output_format::json) {
      append_json(text, make_record(fields, options_.fields, row));
      text += '\n';
    } else {
      text += layout_.line(make_cells(fields, options_.fields, row));
    }
  }

  const output_options& options_;
  int out_;
  table_layout layout_;
};

/// Which changes are in scope. One that has exited is shown if it was shown before.
class change_filter {
public:
  explicit change_filter(const list_request& request) : request_(request) {}

  [[nodiscard]] std::vector<list_change> pass(std::vector<list_change> changes) {
    const auto pid_ids = ids_of_pids(request_.scope, request_.config.agent.host_root);
    std::erase_if(changes, [&](const list_change& x) { return !is_shown(x, pid_ids); });
    return changes;
  }

private:
  bool is_shown(const list_change& x, const std::vector<std::string>& pid_ids) {
    const auto& metadata = x.row.metadata;
    const auto id = metadata.name_space + '/' + metadata.id;
    const bool was_shown = x.change == "removed" ? shown_.erase(id) > 0 : shown_.contains(id);
    if (was_shown)
      return true;
    if (!is_in_scope(x.row, request_.scope, pid_ids)
        || !(request_.all || is_shown_by_default(metadata.state)) || x.change == "removed")
      return false;
    shown_.insert(id);
    return true;
  }

  const list_request& request_;
  std::set<std::string> shown_;
};

/// What the watcher works with: on the command's stack, which outlives it.
struct watch_context {
  const list_request& request;
  const output_streams& streams;
  const stop_signals& stop;
  std::atomic<write_result> written{write_result::ok};
};

struct watcher_state {
  std::optional<change_printer> printer;
  std::optional<change_filter> filter;
  change_feed feed;
  std::optional<complaints> complain;
  steady_clock::time_point walk_due;
};

using watcher_actor = container_observer_actor::extend<caf::reacts_to<tick>>;
using watcher_pointer = watcher_actor::stateful_pointer<watcher_state>;

void note(watcher_pointer self, watch_context& context, write_result result) {
  if (result == write_result::ok)
    return;
  context.written = result;
  context.stop.wake_up();
  self->quit();
}

void show(watcher_pointer self, watch_context& context, std::vector<list_change> changes) {
  auto& st = self->state;
  note(self, context, st.printer->print(st.filter->pass(std::move(changes))));
}

std::vector<list_row> rows_by_cgroup(const list_request& request) {
  runtime_listing found;
  const auto& config = request.config.agent;
  found.containers = cgroup_containers(config.host_root, config.cgroup_root,
                                       choice_of(request.scope, request.services));
  return rows_of(found);
}

watcher_actor::behavior_type watcher(watcher_pointer self, watch_context* context) {
  install_defaults(self, "list_watcher");
  auto& st = self->state;
  st.printer.emplace(context->request.output, context->streams.out);
  st.filter.emplace(context->request);
  st.complain.emplace(context->streams.err, "list");
  note(self, *context, st.printer->print_header());
  self->send(watcher_actor{self}, tick{});
  return {
      [=](container_change& change) {
        add_start_time(change.metadata, context->request.config.agent.host_root);
        show(self, *context, self->state.feed.take(change, steady_clock::now()));
      },
      [=](const std::vector<runtime_status>& statuses) {
        self->state.complain->say_new(describe_silent(statuses, context->request.config.agent));
      },
      [=](const tick&) {
        auto& state = self->state;
        const auto now = steady_clock::now();
        show(self, *context, state.feed.take_overdue(now));
        if (now >= state.walk_due) {
          show(self, *context, state.feed.take_walk(rows_by_cgroup(context->request)));
          state.walk_due = now + walk_interval;
        }
        self->delayed_send(watcher_actor{self}, overdue_interval, tick{});
      },
  };
}

} // namespace

int watch_containers(const list_request& request, const output_streams& streams,
                     asked_runtimes& asked, const stop_signals& stop) {
  const auto end = request.timeout ? std::optional{steady_clock::now() + *request.timeout}
                                   : std::optional<steady_clock::time_point>{};
  watch_context context{request, streams, stop};
  caf::scoped_actor self{asked.system()};
  const auto observer = asked.system().spawn<caf::detached>(watcher, &context);
  asked.tell(observer);
  static_cast<void>(stop.wait(end)); // Whatever ends it.
  self->send_exit(observer, caf::exit_reason::user_shutdown);
  self->wait_for(observer);
  if (context.written != write_result::failed)
    return exit_done;
  say(streams.err, "troupe list: cannot write to stdout");
  return exit_error;
}

} // namespace troupe
