// SPDX-License-Identifier: Apache-2.0
// Uses CAF: it owns the actor system.

#include "actors/console/troupe_run.hpp"

#include "actors/supervisor/actor_defaults.hpp"

#include <caf/duration.hpp>

#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds answer_timeout{500};
constexpr std::chrono::milliseconds ready_poll{20};

} // namespace

/// Handles as the supervisor's factories made them, and its end: written by its thread.
struct troupe_run::shared {
  std::mutex mutex;
  runtime_metadata_actor metadata;
  registry_actor registry;
  bpf_reader_actor reader;
  trace_console_actor console;
  std::optional<caf::error> failure;

  template <class T>
  T get(const T& handle) {
    const std::lock_guard lock{mutex};
    return handle;
  }

  /// A handle that outlives the actor system keeps its destructor waiting for ever.
  void clear() {
    const std::lock_guard lock{mutex};
    metadata = runtime_metadata_actor{};
    registry = registry_actor{};
    reader = bpf_reader_actor{};
    console = trace_console_actor{};
  }
};

troupe_run::troupe_run(troupe_factories factories, const stop_signals& stop)
    : stop_(stop), shared_(std::make_shared<shared>()) {
  system_.emplace(config_);
  self_.emplace(*system_);
  auto note = [known = shared_](auto& slot, auto make) {
    return [known, &slot, make = std::move(make)](auto&... arguments) {
      auto handle = make(arguments...);
      const std::lock_guard lock{known->mutex};
      slot = caf::actor_cast<std::decay_t<decltype(slot)>>(handle);
      return handle;
    };
  };
  if (factories.runtime_metadata)
    factories.runtime_metadata = note(shared_->metadata, std::move(factories.runtime_metadata));
  if (factories.registry)
    factories.registry = note(shared_->registry, std::move(factories.registry));
  if (factories.bpf_reader)
    factories.bpf_reader = note(shared_->reader, std::move(factories.bpf_reader));
  if (factories.console)
    factories.console = note(shared_->console, std::move(factories.console));
  supervisor_ = system_->spawn(supervisor, std::move(factories));
  caf::actor_cast<caf::abstract_actor*>(supervisor_)
      ->attach_functor([known = shared_, &stop](const caf::error& reason) {
        {
          const std::lock_guard lock{known->mutex};
          known->failure = reason;
        }
        stop.wake_up();
      });
}

troupe_run::~troupe_run() {
  shared_->clear();
  (*self_)->send_exit(supervisor_, caf::exit_reason::user_shutdown);
  (*self_)->wait_for(supervisor_);
  supervisor_ = supervisor_actor{};
  shared_->clear();
  self_.reset();
  system_.reset(); // Waits for every actor.
}

std::optional<caf::error> troupe_run::failure() const {
  const std::lock_guard lock{shared_->mutex};
  return shared_->failure;
}

template <class Response, class Handle>
std::optional<Response> troupe_run::ask(const Handle& handle) {
  std::optional<Response> answer;
  if (handle)
    (*self_)
        ->request(handle, answer_timeout, get_status{})
        .receive([&](Response& x) { answer = std::move(x); }, [](const caf::error&) {});
  return answer;
}

std::optional<troupe_status> troupe_run::status() {
  return ask<troupe_status>(supervisor_);
}

std::optional<reader_status> troupe_run::reader() {
  return ask<reader_status>(shared_->get(shared_->reader));
}

std::optional<registry_status> troupe_run::registry() {
  return ask<registry_status>(shared_->get(shared_->registry));
}

std::optional<console_status> troupe_run::console() {
  return ask<console_status>(shared_->get(shared_->console));
}

std::optional<runtime_listing> troupe_run::runtimes() {
  std::optional<runtime_listing> answer;
  if (const auto metadata = shared_->get(shared_->metadata))
    (*self_)
        ->request(metadata, answer_timeout, list_all{})
        .receive([&](runtime_listing& x) { answer = std::move(x); }, [](const caf::error&) {});
  return answer;
}

std::vector<container_snapshot_ptr> troupe_run::snapshots() {
  std::vector<container_snapshot_ptr> result;
  const auto registry = shared_->get(shared_->registry);
  if (!registry)
    return result;
  const auto id = ++collections_;
  uint64_t expected = 0;
  (*self_)
      ->request(registry, answer_timeout, collect{id}, caf::actor_cast<snapshot_sink_actor>(*self_))
      .receive([&](uint64_t count) { expected = count; }, [](const caf::error&) {});
  bool in_time = true;
  while (result.size() < expected && in_time)
    (*self_)->receive(
        [&](collected& x) {
          if (x.scrape_id == id) // Else it is a late answer to an earlier question.
            result.push_back(std::move(x.snapshot));
        },
        caf::after(answer_timeout) >> [&] { in_time = false; });
  return result;
}

troupe_run::readiness troupe_run::wait_until_ready(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (const auto now = status(); now && now->ready)
      return readiness::ready;
    switch (stop_.wait(std::chrono::steady_clock::now() + ready_poll)) {
      case stop_signals::cause::signal:
        return readiness::stopped;
      case stop_signals::cause::woken:
        return readiness::failed;
      case stop_signals::cause::deadline:
        break;
    }
  }
  return readiness::late;
}

std::string error_text(const caf::error& error) {
  if (error.category() == caf::atom("troupe") && error.context().size() > 0
      && error.context().match_element<std::string>(0))
    return error.context().get_as<std::string>(0);
  return describe(error);
}

bool is(const caf::error& error, ec code) {
  return error && error.category() == caf::atom("troupe")
         && error.code() == static_cast<uint8_t>(code);
}

} // namespace troupe
