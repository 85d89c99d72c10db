// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/dbus_connection.hpp"

#include "actors/runtime_metadata/endpoints.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <poll.h>
#include <sys/eventfd.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* systemd_name = "org.freedesktop.systemd1";

struct slot_unref {
  void operator()(sd_bus_slot* x) const { sd_bus_slot_unref(x); }
};
using slot = std::unique_ptr<sd_bus_slot, slot_unref>;

/// The D-Bus specification lets these bytes stand in an address; all others are escaped.
std::string address_of(const std::string& socket) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "unix:path=";
  for (const char c : socket) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                       || std::string_view{"-_/.\\*"}.find(c) != std::string_view::npos;
    if (plain)
      result += c;
    else
      result.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return result;
}

/// systemd's own socket speaks the protocol, but is no bus: nobody gives out names there.
bool is_bus(const std::string& socket) {
  return !socket.ends_with("/private");
}

/// From now until a time of CLOCK_MONOTONIC, in microseconds.
milliseconds until(uint64_t monotonic_us) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto now_us =
      static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1'000;
  return milliseconds{monotonic_us <= now_us ? 0 : (monotonic_us - now_us) / 1'000 + 1};
}

int on_reply(sd_bus_message* message, void* reply, sd_bus_error* /*error*/) {
  static_cast<dbus_message*>(reply)->reset(sd_bus_message_ref(message));
  return 1;
}

int on_signal(sd_bus_message* message, void* handler, sd_bus_error* /*error*/) {
  (*static_cast<dbus_connection::signal_handler*>(handler))(message);
  return 0; // Others may fit as well.
}

} // namespace

void dbus_unref::operator()(sd_bus* x) const {
  sd_bus_close_unref(x); // Not flushed: whoever hangs does not take it any more.
}

void dbus_unref::operator()(sd_bus_message* x) const {
  sd_bus_message_unref(x);
}

stop_event::stop_event(const std::stop_token& stop)
    : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, [this] {
        const uint64_t one = 1;
        // It can only fail when it is readable already.
        [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
      }) {}

stop_event::~stop_event() {
  if (fd_ >= 0)
    close(fd_);
}

dbus_connection::dbus_connection(runtime_endpoint endpoint, const call_limits& limits)
    : endpoint_(std::move(endpoint)), limits_(limits), stop_(limits.stop) {
  renew();
}

call_result<std::unique_ptr<dbus_connection>>
dbus_connection::open(const runtime_endpoint& endpoint, const call_limits& limits) {
  // Says in a person's words why it cannot be done.
  if (auto there = try_connect(endpoint); !there)
    return there.error();
  std::unique_ptr<dbus_connection> result{new dbus_connection{endpoint, limits}};
  if (auto error = result->start(); error.code != ec::none)
    return error;
  return result;
}

call_error dbus_connection::start() {
  sd_bus* made = nullptr;
  int code = sd_bus_new(&made);
  bus_.reset(made);
  if (code >= 0)
    code = sd_bus_set_address(made, address_of(endpoint_.socket).c_str());
  if (code >= 0)
    code = sd_bus_set_bus_client(made, is_bus(endpoint_.socket) ? 1 : 0);
  if (code >= 0)
    code = sd_bus_negotiate_fds(made, 0); // Nothing that we ask comes with one.
  if (code >= 0)
    code = sd_bus_start(made); // Only begins: what it waits for comes in step().
  return code < 0 ? broken(code) : call_error{};
}

call_error dbus_connection::broken(int code) const {
  const auto what = "systemd at " + endpoint_.socket;
  switch (-code) {
    case EBADMSG:
      return {ec::runtime_garbage, what + " does not speak D-Bus; is it systemd's socket?"};
    case ETIMEDOUT:
      return {ec::runtime_timeout, what + " does not answer in time; is the machine overloaded?"};
    case EACCES:
    case EPERM:
      return {ec::runtime_forbidden, what + " forbids access; run as root"};
    default:
      return {ec::runtime_unreachable,
              what + " broke the connection (" + std::strerror(-code) + "); tried again"};
  }
}

call_error dbus_connection::refused(const std::string& name, const std::string& text) const {
  if (name == "org.freedesktop.systemd1.NoSuchUnit")
    return {ec::unknown_container, text};
  if (name == SD_BUS_ERROR_TIMEOUT || name == SD_BUS_ERROR_NO_REPLY)
    return broken(-ETIMEDOUT);
  if (name == SD_BUS_ERROR_DISCONNECTED)
    return broken(-ECONNRESET);
  if (name == SD_BUS_ERROR_ACCESS_DENIED)
    return broken(-EACCES);
  return {ec::runtime_garbage,
          "systemd at " + endpoint_.socket + " answers " + name + ": " + text.substr(0, 256)};
}

call_result<dbus_message> dbus_connection::call(const std::string& path, const char* interface,
                                                const char* member,
                                                const std::function<int(sd_bus_message*)>& fill) {
  sd_bus_message* made = nullptr;
  int code = sd_bus_message_new_method_call(bus_.get(), &made, systemd_name, path.c_str(),
                                            interface, member);
  const dbus_message request{made};
  if (code >= 0 && fill)
    code = fill(made);
  dbus_message reply;
  sd_bus_slot* waiting = nullptr;
  if (code >= 0)
    code = sd_bus_call_async(bus_.get(), &waiting, made, on_reply, &reply, UINT64_MAX);
  const slot guard{waiting}; // The reply may come too late, and must not be told then.
  if (code < 0)
    return broken(code);
  call_error error;
  while (!reply)
    if (!step(true, error))
      return error;
  if (const auto* failure = sd_bus_message_get_error(reply.get()); failure != nullptr)
    return refused(failure->name, failure->message == nullptr ? "" : failure->message);
  return reply;
}

call_error dbus_connection::subscribe(const std::string& match, signal_handler handler) {
  auto& kept = handlers_.emplace_back(std::make_unique<signal_handler>(std::move(handler)));
  const int code =
      sd_bus_add_match_async(bus_.get(), nullptr, match.c_str(), on_signal, nullptr, kept.get());
  if (code < 0)
    return broken(code);
  return {};
}

call_error dbus_connection::wait_for_signals() {
  call_error error;
  // One step works off everything that has come.
  step(false, error);
  return error;
}

bool dbus_connection::step(bool bounded, call_error& error) {
  bool worked = false;
  for (int more = 1; more > 0; worked = worked || more > 0) {
    if (limits_.stop.stop_requested()) {
      error = {ec::shutting_down, "the agent ends"};
      return false;
    }
    // So that a flood of signals does not outlast the deadline.
    if (bounded && steady_clock::now() >= end_) {
      error = broken(-ETIMEDOUT);
      return false;
    }
    more = sd_bus_process(bus_.get(), nullptr);
    if (more < 0) {
      error = broken(more);
      return false;
    }
    if (bounded && more > 0)
      return true; // Perhaps it was the reply.
  }
  return worked || poll_once(bounded, error);
}

bool dbus_connection::poll_once(bool bounded, call_error& error) {
  const int fd = sd_bus_get_fd(bus_.get());
  const int events = sd_bus_get_events(bus_.get());
  uint64_t due_us = UINT64_MAX;
  const int timed = sd_bus_get_timeout(bus_.get(), &due_us);
  if (fd < 0 || events < 0 || timed < 0) {
    error = broken(std::min({fd, events, timed}));
    return false;
  }
  auto wait = milliseconds{-1};
  if (due_us != UINT64_MAX)
    wait = until(due_us);
  if (bounded) {
    const auto left = std::chrono::ceil<milliseconds>(end_ - steady_clock::now());
    const auto most = std::max(left, milliseconds{0});
    wait = wait.count() < 0 ? most : std::min(wait, most);
  }
  pollfd watched[] = {{fd, static_cast<short>(events), 0}, {stop_.fd(), POLLIN, 0}};
  const int ready = poll(watched, 2, static_cast<int>(std::min<int64_t>(wait.count(), 3'600'000)));
  if (ready < 0 && errno != EINTR) {
    error = broken(-errno);
    return false;
  }
  return true;
}

} // namespace troupe
