// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/container_metadata.hpp"
#include "messages/errors.hpp"
#include "messages/runtime.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace troupe {

/// docker's namespace within containerd: it has no names for its containers there.
inline constexpr std::string_view moby_namespace = "moby";

/// Why a call to a runtime failed. The message names the thing, the cause and the next step.
struct call_error {
  ec code = ec::none;
  std::string message;
  bool unimplemented = false; ///< the runtime is what it should be, but has no such call
};

/// A call's value, or why there is none.
template <class T>
class [[nodiscard]] call_result {
public:
  call_result() : content_(call_error{}) {}
  call_result(T value) : content_(std::move(value)) {}
  call_result(call_error error) : content_(std::move(error)) {}

  explicit operator bool() const { return std::holds_alternative<T>(content_); }
  T& operator*() { return std::get<T>(content_); }
  T* operator->() { return &std::get<T>(content_); }
  [[nodiscard]] T value_or(T other) const { return *this ? std::get<T>(content_) : other; }
  [[nodiscard]] const call_error& error() const { return std::get<call_error>(content_); }

private:
  std::variant<T, call_error> content_;
};

/// How long a call may take and what ends it before that. A requested stop ends every call at once
/// with ec::shutting_down.
struct call_limits {
  std::chrono::milliseconds timeout{5000};
  std::stop_token stop;
};

/// Which container is meant. An empty name_space means: whichever has it.
struct container_query {
  std::string id;
  std::string name_space;

  // clang-tidy 14 takes the <=> for a comparison with 0. NOLINTNEXTLINE(modernize-use-nullptr)
  friend auto operator<=>(const container_query&, const container_query&) = default;
};

/// What one client knows of a container after one call.
struct container_answer {
  container_metadata metadata;
  bool complete = true; ///< false: a further inspect() tells more (pid, exit code, ...)
};

/// A container changed. `metadata` holds id, name_space and what this event tells besides.
struct runtime_event {
  runtime_event_kind kind = runtime_event_kind::updated;
  container_metadata metadata;
  bool named = false;   ///< name, image and labels are set, as a lookup would tell them
  int64_t time_ns = 0;  ///< Unix time, by the runtime
  int64_t heard_ns = 0; ///< Unix time at which it was read; set by the watcher
  exec_process exec;    ///< of exec_started and exec_exited
};

/// Receives an event stream. Called on the thread that is inside watch().
struct event_observer {
  /// The stream is open: what happens from now on will be reported.
  std::function<void()> opened;
  std::function<void(runtime_event)> event;
};

/// One runtime endpoint, without actors. All calls block, are bounded by call_limits, and may be
/// made from several threads at once. What comes back is bounded: see metadata_bounds.hpp.
class runtime_client {
public:
  virtual ~runtime_client() = default;

  /// Asks for the runtime's version: does it live?
  virtual call_result<std::string> version(const call_limits& limits) = 0;

  /// Every container, in whatever state.
  virtual call_result<std::vector<container_answer>> list(const call_limits& limits) = 0;

  /// One container; ec::unknown_container when the runtime lives, but does not know it.
  virtual call_result<container_answer> inspect(const container_query& query,
                                                const call_limits& limits) = 0;

  /// Reports events until the stream breaks or limits.stop is requested, and says why it ended.
  /// limits.timeout bounds the opening of the stream only.
  virtual call_error watch(const event_observer& observer, const call_limits& limits) = 0;
};

/// The client for an endpoint; connects when it is first used, and again whenever needed.
std::shared_ptr<runtime_client> make_runtime_client(const runtime_endpoint& endpoint);

/// Asks list(), then inspect() for every container that list() left incomplete, as long as
/// limits.timeout lasts; who was not reached in time stays incomplete.
call_result<std::vector<container_answer>> list_in_full(runtime_client& client,
                                                        const call_limits& limits);

} // namespace troupe
