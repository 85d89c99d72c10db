// SPDX-License-Identifier: Apache-2.0
#pragma once

// systemd's side of its private socket, with the units that the test wants: sd-bus as a server, a
// thread for each connection.

#include "tests/runtime_metadata/fake_socket.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <systemd/sd-bus.h>

namespace troupe {

struct fake_unit {
  std::string control_group = {};
  std::string active = "active";
  std::string sub = "running";
  uint32_t pid = 1;
  uint64_t started_us = 1'700'000'000'000'000;
  int32_t code = 0;
  int32_t status = 0;
  std::vector<std::string> triggered_by = {};
};

class fake_systemd {
public:
  fake_systemd()
      : socket_(folder_ / "private", [this](fake_connection& connection) { serve(connection); }) {}

  [[nodiscard]] runtime_endpoint endpoint() const {
    return {runtime_kind::systemd, folder_ / "private"};
  }

  void put(const std::string& name, const fake_unit& unit) {
    const std::lock_guard lock{mutex_};
    units_[name] = unit;
  }
  void drop(const std::string& name) {
    const std::lock_guard lock{mutex_};
    units_.erase(name);
  }
  /// To every connection: PropertiesChanged of this unit, or UnitRemoved.
  void signal_change(const std::string& name) { signal({name, false}); }
  void signal_removal(const std::string& name) { signal({name, true}); }

  std::atomic<bool> silent = false;
  std::atomic<size_t> gets_of_units = 0;

private:
  struct signal_to_send {
    std::string unit;
    bool removal = false;
  };

  void signal(const signal_to_send& x) {
    const std::lock_guard lock{mutex_};
    signals_.push_back(x);
  }

  static std::string path_of(const std::string& name) {
    char* path = nullptr;
    sd_bus_path_encode("/org/freedesktop/systemd1/unit", name.c_str(), &path);
    std::string result{path};
    std::free(path);
    return result;
  }

  void serve(fake_connection& connection) {
    sd_bus* bus = nullptr;
    sd_id128_t id{};
    sd_id128_randomize(&id);
    sd_bus_new(&bus);
    const int fd = dup(connection.fd());
    sd_bus_set_fd(bus, fd, fd);
    sd_bus_set_server(bus, 1, id);
    sd_bus_set_anonymous(bus, 1);
    sd_bus_start(bus);
    sd_bus_add_filter(bus, nullptr, on_message, this);
    size_t sent = 0;
    while (!connection.stopped()) {
      const int code = sd_bus_process(bus, nullptr);
      if (code < 0)
        break;
      send_signals(bus, sent);
      if (code == 0)
        sd_bus_wait(bus, 10'000); // Signals come from another thread.
    }
    sd_bus_close_unref(bus);
  }

  void send_signals(sd_bus* bus, size_t& sent) {
    const std::lock_guard lock{mutex_};
    for (; sent < signals_.size(); ++sent) {
      const auto& [name, removal] = signals_[sent];
      const auto path = path_of(name);
      if (removal)
        sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                           "UnitRemoved", "so", name.c_str(), path.c_str());
      else
        sd_bus_emit_signal(bus, path.c_str(), "org.freedesktop.DBus.Properties",
                           "PropertiesChanged", "sa{sv}as", "org.freedesktop.systemd1.Unit", 0, 0);
    }
  }

  static int on_message(sd_bus_message* m, void* self, sd_bus_error* /*error*/) {
    uint8_t type = 0;
    sd_bus_message_get_type(m, &type);
    if (type != SD_BUS_MESSAGE_METHOD_CALL)
      return 0;
    auto& me = *static_cast<fake_systemd*>(self);
    if (!me.silent)
      me.answer(m);
    return 1;
  }

  void answer(sd_bus_message* m) {
    const std::string member = sd_bus_message_get_member(m);
    const char* text = nullptr;
    if (member == "Subscribe") {
      sd_bus_reply_method_return(m, "");
    } else if (member == "Get") {
      sd_bus_reply_method_return(m, "v", "s", "252.1-test");
    } else if (member == "GetUnit") {
      sd_bus_message_read(m, "s", &text);
      ++gets_of_units;
      const std::lock_guard lock{mutex_};
      if (units_.contains(text))
        sd_bus_reply_method_return(m, "o", path_of(text).c_str());
      else
        sd_bus_reply_method_errorf(m, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not loaded.",
                                   text);
    } else if (member == "GetAll") {
      reply_properties(m);
    } else if (member == "ListUnitsByPatterns") {
      reply_list(m);
    } else {
      sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_METHOD, "%s?", member.c_str());
    }
  }

  void reply_list(sd_bus_message* m) {
    const std::lock_guard lock{mutex_};
    sd_bus_message* reply = nullptr;
    sd_bus_message_new_method_return(m, &reply);
    sd_bus_message_open_container(reply, 'a', "(ssssssouso)");
    for (const auto& [name, unit] : units_)
      if (unit.active == "active")
        sd_bus_message_append(reply, "(ssssssouso)", name.c_str(), "", "loaded", "active",
                              "running", "", path_of(name).c_str(), 0, "", "/");
    sd_bus_message_close_container(reply);
    sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
  }

  static void append_text(sd_bus_message* m, const char* name, const std::string& value) {
    sd_bus_message_append(m, "{sv}", name, "s", value.c_str());
  }

  void reply_properties(sd_bus_message* m) {
    char* decoded = nullptr;
    sd_bus_path_decode(sd_bus_message_get_path(m), "/org/freedesktop/systemd1/unit", &decoded);
    const std::string name = decoded == nullptr ? "" : decoded;
    std::free(decoded);
    const std::lock_guard lock{mutex_};
    const auto unit = units_[name];
    sd_bus_message* reply = nullptr;
    sd_bus_message_new_method_return(m, &reply);
    sd_bus_message_open_container(reply, 'a', "{sv}");
    append_text(reply, "Id", name);
    append_text(reply, "Type", "notify");
    append_text(reply, "ActiveState", unit.active);
    append_text(reply, "SubState", unit.sub);
    append_text(reply, "ControlGroup", unit.control_group);
    sd_bus_message_append(reply, "{sv}", "MainPID", "u", unit.pid);
    sd_bus_message_append(reply, "{sv}", "ExecMainStartTimestamp", "t", unit.started_us);
    sd_bus_message_append(reply, "{sv}", "ExecMainCode", "i", unit.code);
    sd_bus_message_append(reply, "{sv}", "ExecMainStatus", "i", unit.status);
    sd_bus_message_append(reply, "{sv}", "MemoryMax", "t", UINT64_MAX);
    // Of another type than ours, and one that nobody reads.
    sd_bus_message_append(reply, "{sv}", "NRestarts", "s", "many");
    sd_bus_message_append(reply, "{sv}", "LoadCredential", "a(ss)", 1, "a", "b");
    sd_bus_message_append(reply, "{sv}", "ExecStart", "a(sasbttttuii)", 2, "/bin/web", 2, "web",
                          "--all", 0, 1ULL, 1ULL, 0ULL, 0ULL, 7, 0, 0, "/bin/other", 1, "other", 0,
                          0ULL, 0ULL, 0ULL, 0ULL, 0, 0, 0);
    std::vector<char*> names;
    for (const auto& trigger : unit.triggered_by)
      names.push_back(const_cast<char*>(trigger.c_str()));
    names.push_back(nullptr);
    sd_bus_message_open_container(reply, 'e', "sv");
    sd_bus_message_append(reply, "s", "TriggeredBy");
    sd_bus_message_open_container(reply, 'v', "as");
    sd_bus_message_append_strv(reply, names.data());
    sd_bus_message_close_container(reply);
    sd_bus_message_close_container(reply);
    sd_bus_message_close_container(reply);
    sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
  }

  scratch_folder folder_;
  std::mutex mutex_;
  std::map<std::string, fake_unit> units_;
  std::vector<signal_to_send> signals_;
  fake_socket socket_; ///< ends before what its threads use
};

} // namespace troupe
