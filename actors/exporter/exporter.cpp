// SPDX-License-Identifier: Apache-2.0

#include "actors/exporter/exporter.hpp"

#include "actors/exporter/actors_page.hpp"
#include "actors/exporter/metrics_page.hpp"
#include "actors/supervisor/actor_defaults.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/scoped_actor.hpp>

#include <spdlog/spdlog.h>

#include <chrono>
#include <optional>
#include <utility>

#include <malloc.h>

namespace troupe {

namespace {

using namespace std::chrono_literals;
using pointer = gauged_pointer<exporter_actor, exporter_state>;
using steady = std::chrono::steady_clock;

constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";
constexpr auto stop_check_interval = 50ms;
constexpr auto ready_timeout = 1s;

// -- gathering ------------------------------------------------------------------------------------

void finish(pointer self) {
  auto& st = self->state;
  st.in_progress = false;
  st.snapshots.finish(st.latest);
  for (auto& promise : std::exchange(st.waiting, {}))
    promise.deliver(st.latest);
}

void finish_if_complete(pointer self) {
  auto& st = self->state;
  if (st.in_progress && st.open_questions == 0 && st.snapshots.complete())
    finish(self);
}

/// One question of this gathering. Whatever is answered counts, also too late; what is not answered
/// leaves the last known answer in place.
template <class Answer, class Handle, class Store, class... Question>
void ask(pointer self, const Handle& whom, const char* name, Store store, Question&&... question) {
  if (!whom)
    return;
  const auto deadline = self->state.config.scrape_timeout / 2;
  const auto done = [self, id = self->state.snapshots.current()] {
    if (id == self->state.snapshots.current())
      --self->state.open_questions;
    finish_if_complete(self);
  };
  ++self->state.open_questions;
  self->request(whom, deadline, std::forward<Question>(question)...)
      .then(
          [store, done](Answer& answer) {
            store(answer);
            done();
          },
          [name, done](const caf::error& error) {
            spdlog::debug("exporter no-answer {}: {}", name, describe(error));
            done();
          });
}

void start_gathering(pointer self) {
  auto& st = self->state;
  st.in_progress = true;
  st.open_questions = 0;
  const auto id = st.snapshots.begin();
  self->delayed_send(exporter_actor{self}, st.config.scrape_timeout / 2, collect{id});
  const auto& to = st.directory;
  ask<uint64_t>(
      self, to.registry, "registry",
      [self, id](uint64_t containers) { self->state.snapshots.expect(id, containers); },
      collect{id}, snapshot_sink_actor{exporter_actor{self}});
  ask<reader_status>(
      self, to.bpf_reader, "bpf_reader",
      [self](reader_status& x) { self->state.latest.reader = std::move(x); }, get_status{});
  ask<std::vector<runtime_status>>(
      self, to.runtime_metadata, "runtime_metadata",
      [self](std::vector<runtime_status>& x) { self->state.latest.runtimes = std::move(x); },
      get_status{});
  ask<troupe_status>(
      self, to.supervisor, "supervisor",
      [self](troupe_status& x) { self->state.latest.troupe = std::move(x); }, get_status{});
  if (!st.node_known)
    ask<node_info>(
        self, to.host, "host",
        [self](node_info& x) {
          self->state.latest.node = std::move(x);
          self->state.node_known = true;
        },
        get_node_info{});
}

// -- HTTP threads ---------------------------------------------------------------------------------

/// Asks an actor from an HTTP thread. Not by request(): that waits for its whole timeout, and the
/// exporter's end waits for this thread. Empty when there is no answer in time.
template <class Answer, class Handle, class Question>
std::optional<Answer> ask_blocking(caf::actor_system& system, const caf::actor_addr& whom,
                                   Question question, steady::duration timeout,
                                   const std::stop_token& stop) {
  const auto handle = caf::actor_cast<Handle>(whom);
  if (!handle || stop.stop_requested())
    return std::nullopt;
  caf::scoped_actor self{system, true};
  self->monitor(handle);
  self->send(handle, question);
  std::optional<Answer> answer;
  const auto deadline = steady::now() + timeout;
  bool over = false;
  while (!answer && !over && !stop.stop_requested() && steady::now() < deadline)
    self->receive([&](Answer& x) { answer = std::move(x); }, //
                  [&](caf::error&) { over = true; },         //
                  [&](caf::down_msg&) { over = true; },      //
                  caf::after(stop_check_interval) >> [] {});
  return answer;
}

/// What the HTTP threads need. They hold no strong handle: it would keep its own owner alive.
struct endpoint {
  caf::actor_system& system;
  caf::actor_addr exporter;
  caf::actor_addr supervisor;
  std::chrono::milliseconds scrape_timeout;
  std::shared_ptr<metrics_page> page;
  std::shared_ptr<const actor_board> board;

  [[nodiscard]] std::optional<scrape_result> gather(const std::stop_token& stop) const {
    return ask_blocking<scrape_result, exporter_actor>(system, exporter, scrape{}, scrape_timeout,
                                                       stop);
  }

  [[nodiscard]] http_response metrics(const std::stop_token& stop) const {
    const auto asked = steady::now();
    const auto result = gather(stop);
    if (!result)
      return plain_response(503, "the exporter did not answer in time");
    return {200, std::string{metrics_type}, page->render(*result, asked)};
  }

  [[nodiscard]] http_response ready(const std::stop_token& stop) const {
    const auto status = ask_blocking<troupe_status, supervisor_actor>(
        system, supervisor, get_status{}, ready_timeout, stop);
    if (!status)
      return plain_response(503, "not ready: the supervisor does not answer");
    if (!status->ready)
      return plain_response(503, "not ready: an actor is down, the kernel side is not attached, or "
                                 "the first walk through the cgroups is not done");
    return plain_response(200, "ready");
  }

  /// The gauges are read without anybody's help; for a person the exporter is asked for the rest.
  [[nodiscard]] http_response actors(const http_request& request) const {
    const auto query = parse_actors_query(request.query);
    if (!query)
      return plain_response(400, std::string{actors_query_help});
    if (query->json)
      return {200, "application/json",
              std::make_shared<const std::string>(
                  render_actors_json(board->read(query->containers_max)))};
    const auto result = gather(request.stop);
    return plain_response(
        200, render_actors_text(board->read(query->containers_max), result ? &*result : nullptr));
  }
};

http_options make_http_options(const settings& config, const endpoint& to) {
  http_options options;
  options.listen = config.listen;
  options.on_error = [page = to.page](int status) {
    page->own().http_error(status);
  };
  options.routes["/metrics"] = {
      [to](const auto& request) { return to.metrics(request.stop); }, false,
      [page = to.page](int status, bool sent) {
        page->own().scraped(status != 200 ? "failed" : sent ? "ok" : "aborted");
      }};
  options.routes["/healthz"] = {[](const auto&) {
    return plain_response(200, "ok");
  }};
  options.routes["/readyz"] = {[to](const auto& request) {
    return to.ready(request.stop);
  }};
  options.routes["/debug/actors"] = {[to](const auto& request) { return to.actors(request); },
                                     true};
  options.routes["/"] = {[](const auto&) {
    return plain_response(200, "troupe: /metrics /healthz /readyz /debug/actors");
  }};
  return options;
}

/// Texts of a scrape go back to the system when they are sent. glibc would learn from the first one
/// to take the next from its heaps, one for each HTTP thread, and keep them: 78 MB instead of 8
/// after 60 scrapes of 100 containers. A threshold that is set does not move.
void return_large_blocks() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

/// False when it cannot listen: the actor has quit.
bool start_http(pointer self, std::shared_ptr<const actor_board> board) {
  auto& st = self->state;
  return_large_blocks();
  const endpoint to{self->system(),
                    self->address(),
                    st.directory.supervisor.address(),
                    st.config.scrape_timeout,
                    std::make_shared<metrics_page>(st.config.pod_labels),
                    std::move(board)};
  auto started = http_server::start(make_http_options(st.config, to));
  if (auto* error = std::get_if<listen_error>(&started)) {
    self->quit(make_error(error->code, error->message));
    return false;
  }
  st.http = std::move(std::get<std::unique_ptr<http_server>>(started));
  spdlog::info("exporter listening on {}, port {}", st.config.listen, st.http->port());
  return true;
}

} // namespace

exporter_state::~exporter_state() {
  for (auto& promise : waiting)
    promise.deliver(make_error(ec::shutting_down, "the exporter ends"));
  http.reset();
}

exporter_actor::behavior_type exporter(pointer self, settings config, troupe_directory directory,
                                       std::shared_ptr<const actor_board> board) {
  install_defaults(self, "exporter");
  self->state.config = std::move(config);
  self->state.directory = std::move(directory);
  if (!self->state.config.listen.empty() && !start_http(self, std::move(board)))
    return exporter_actor::behavior_type::make_empty_behavior();
  return {
      [self](const scrape&) -> caf::result<scrape_result> {
        auto& st = self->state;
        auto promise = self->make_response_promise<scrape_result>();
        st.waiting.push_back(promise);
        if (!st.in_progress)
          start_gathering(self);
        finish_if_complete(self);
        return promise;
      },
      [self](const collected& answer) {
        self->state.snapshots.add(answer);
        finish_if_complete(self);
      },
      [self](const collect& deadline) {
        if (self->state.in_progress && deadline.scrape_id == self->state.snapshots.current())
          finish(self);
      },
      [self](const troupe_directory& who) { self->state.directory = who; },
  };
}

} // namespace troupe
