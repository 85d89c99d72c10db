// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

struct sd_bus;
struct sd_bus_message;

namespace troupe {

struct dbus_unref {
  void operator()(sd_bus* x) const;
  void operator()(sd_bus_message* x) const;
};
using dbus_message = std::unique_ptr<sd_bus_message, dbus_unref>;

/// Becomes readable when a stop is requested, so that a poll ends at once.
class stop_event {
public:
  explicit stop_event(const std::stop_token& stop);
  ~stop_event();
  stop_event(const stop_event&) = delete;
  stop_event& operator=(const stop_event&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

private:
  int fd_ = -1;
  std::stop_callback<std::function<void()>> callback_;
};

/// One connection to systemd over a unix socket: its own (/run/systemd/private), where no bus
/// daemon is between, or the system bus. For one thread; each call ends by limits.timeout after
/// the connection was opened or the last renew(), and at once when a stop is requested.
class dbus_connection {
public:
  using signal_handler = std::function<void(sd_bus_message*)>;

  [[nodiscard]] static call_result<std::unique_ptr<dbus_connection>>
  open(const runtime_endpoint& endpoint, const call_limits& limits);

  /// A call without arguments, or with what `fill` appends; it answers below 0 when it cannot.
  call_result<dbus_message> call(const std::string& path, const char* interface, const char* member,
                                 const std::function<int(sd_bus_message*)>& fill = {});

  /// Calls `handler` for the signals that fit, from within call() and wait_for_signals().
  call_error subscribe(const std::string& match, signal_handler handler);

  /// Waits until a signal was handled, the connection ends or a stop is requested: ec::none is the
  /// first of these. No deadline.
  call_error wait_for_signals();

  void renew() { end_ = std::chrono::steady_clock::now() + limits_.timeout; }

private:
  dbus_connection(runtime_endpoint endpoint, const call_limits& limits);

  call_error start();
  /// Works off what has come, then waits for more. False: it is over, see error.
  bool step(bool bounded, call_error& error);
  bool poll_once(bool bounded, call_error& error);
  [[nodiscard]] call_error broken(int code) const;
  [[nodiscard]] call_error refused(const std::string& name, const std::string& text) const;

  runtime_endpoint endpoint_;
  call_limits limits_;
  std::chrono::steady_clock::time_point end_;
  stop_event stop_;
  std::vector<std::unique_ptr<signal_handler>> handlers_;
  std::unique_ptr<sd_bus, dbus_unref> bus_; ///< ends before those that it calls
};

} // namespace troupe
