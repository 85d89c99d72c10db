// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/systemd_client.hpp"

#include "actors/runtime_metadata/dbus_connection.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/systemd_unit.hpp"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <set>

#include <systemd/sd-bus.h>

namespace troupe {

namespace {

constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";
constexpr const char* units_prefix = "/org/freedesktop/systemd1/unit";

constexpr size_t dirty_max = 4096;

call_error garbage(const runtime_endpoint& endpoint) {
  return {ec::runtime_garbage,
          "systemd at " + endpoint.socket + " answers what is not understood; is it systemd?"};
}

// ---- reading messages: below 0 is an error of sd-bus, and the message is not read on then

int read_text(sd_bus_message* m, char type, std::string& value) {
  const char* text = nullptr;
  const int code = sd_bus_message_read_basic(m, type, static_cast<void*>(&text));
  if (code > 0)
    value.assign(text);
  return code;
}

int read_number(sd_bus_message* m, char type, uint64_t& value) {
  union {
    uint64_t wide;
    uint32_t narrow;
    int32_t number;
  } raw{};
  const int code = sd_bus_message_read_basic(m, type, &raw);
  if (type == SD_BUS_TYPE_UINT64)
    value = raw.wide;
  else if (type == SD_BUS_TYPE_UINT32)
    value = raw.narrow;
  else
    value = static_cast<uint64_t>(int64_t{raw.number});
  return code;
}

int read_list(sd_bus_message* m, std::vector<std::string>& values) {
  int code = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "s");
  if (code <= 0)
    return code;
  const char* text = nullptr;
  while ((code = sd_bus_message_read_basic(m, SD_BUS_TYPE_STRING, static_cast<void*>(&text))) > 0)
    if (values.size() < runtime_bounds::texts)
      values.emplace_back(text);
  return code < 0 ? code : sd_bus_message_exit_container(m);
}

/// ExecStart: an array of (path, argv, ignore failure, when and how it ran); the first one's argv.
int read_command(sd_bus_message* m, std::vector<std::string>& argv) {
  constexpr const char* command = "sasbttttuii";
  int code = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "(sasbttttuii)");
  if (code <= 0)
    return code;
  while ((code = sd_bus_message_enter_container(m, SD_BUS_TYPE_STRUCT, command)) > 0) {
    std::string path;
    std::vector<std::string> words;
    if ((code = read_text(m, SD_BUS_TYPE_STRING, path)) < 0 || (code = read_list(m, words)) < 0
        || (code = sd_bus_message_skip(m, "bttttuii")) < 0
        || (code = sd_bus_message_exit_container(m)) < 0)
      return code;
    if (argv.empty())
      argv = std::move(words);
  }
  return code < 0 ? code : sd_bus_message_exit_container(m);
}

int read_wanted(sd_bus_message* m, const std::string& name, std::string_view signature,
                unit_properties& unit) {
  const auto type = type_of_unit_property(name);
  if (type == unit_property_type::text && signature == "s")
    return read_text(m, SD_BUS_TYPE_STRING, unit.texts[name]);
  if (type == unit_property_type::number
      && (signature == "t" || signature == "u" || signature == "i"))
    return read_number(m, signature[0], unit.numbers[name]);
  if (type == unit_property_type::list && signature == "as")
    return read_list(m, unit.lists[name]);
  if (type == unit_property_type::command && signature == "a(sasbttttuii)")
    return read_command(m, unit.lists[name]);
  return sd_bus_message_skip(m, std::string{signature}.c_str());
}

/// a{sv}
int read_properties(sd_bus_message* m, unit_properties& unit) {
  int code = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "{sv}");
  if (code < 0)
    return code;
  while ((code = sd_bus_message_enter_container(m, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
    std::string name;
    const char* signature = nullptr;
    if ((code = read_text(m, SD_BUS_TYPE_STRING, name)) < 0
        || (code = sd_bus_message_peek_type(m, nullptr, &signature)) < 0)
      return code;
    const std::string kept = signature == nullptr ? "" : signature; // The next call may move it.
    if ((code = sd_bus_message_enter_container(m, SD_BUS_TYPE_VARIANT, kept.c_str())) < 0
        || (code = read_wanted(m, name, kept, unit)) < 0
        || (code = sd_bus_message_exit_container(m)) < 0
        || (code = sd_bus_message_exit_container(m)) < 0)
      return code;
  }
  return code < 0 ? code : sd_bus_message_exit_container(m);
}

// ---- calls

/// Every property of all of the unit's interfaces, as `systemctl show` asks for them.
call_result<unit_properties> properties_of(dbus_connection& bus, const runtime_endpoint& endpoint,
                                           const std::string& path) {
  auto reply = bus.call(path, properties_interface, "GetAll",
                        [](sd_bus_message* m) { return sd_bus_message_append(m, "s", ""); });
  if (!reply)
    return reply.error();
  unit_properties unit;
  if (read_properties(reply->get(), unit) < 0)
    return garbage(endpoint);
  return unit;
}

/// GetUnit, unlike a look at the unit's own object, does not make systemd load it.
call_result<unit_properties> unit_by_name(dbus_connection& bus, const runtime_endpoint& endpoint,
                                          const std::string& name) {
  auto reply = bus.call(manager_path, manager_interface, "GetUnit", [&](sd_bus_message* m) {
    return sd_bus_message_append(m, "s", name.c_str());
  });
  if (!reply)
    return reply.error();
  std::string path;
  if (read_text(reply->get(), SD_BUS_TYPE_OBJECT_PATH, path) <= 0)
    return garbage(endpoint);
  return properties_of(bus, endpoint, path);
}

call_result<std::string> version_of(dbus_connection& bus, const runtime_endpoint& endpoint) {
  auto reply = bus.call(manager_path, properties_interface, "Get", [](sd_bus_message* m) {
    return sd_bus_message_append(m, "ss", manager_interface, "Version");
  });
  if (!reply)
    return reply.error();
  std::string version;
  if (sd_bus_message_enter_container(reply->get(), SD_BUS_TYPE_VARIANT, "s") <= 0
      || read_text(reply->get(), SD_BUS_TYPE_STRING, version) <= 0)
    return garbage(endpoint);
  return version.substr(0, runtime_bounds::name_bytes);
}

std::string control_group(const unit_properties& unit) {
  const auto found = unit.texts.find("ControlGroup");
  return found == unit.texts.end() ? std::string{} : found->second;
}

/// The objects of all services that are active now.
call_result<std::vector<std::string>> active_services(dbus_connection& bus,
                                                      const runtime_endpoint& endpoint) {
  auto reply =
      bus.call(manager_path, manager_interface, "ListUnitsByPatterns", [](sd_bus_message* m) {
        return sd_bus_message_append(m, "asas", 4, "active", "reloading", "activating",
                                     "deactivating", 1, "*.service");
      });
  if (!reply)
    return reply.error();
  auto* m = reply->get();
  // Name, description, load, active and sub state, followed unit, object, job's id, type, object.
  int code = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "(ssssssouso)");
  std::vector<std::string> paths;
  while (code >= 0 && paths.size() < runtime_bounds::containers
         && (code = sd_bus_message_enter_container(m, SD_BUS_TYPE_STRUCT, "ssssssouso")) > 0) {
    if ((code = sd_bus_message_skip(m, "ssssss")) < 0
        || (code = read_text(m, SD_BUS_TYPE_OBJECT_PATH, paths.emplace_back())) < 0
        || (code = sd_bus_message_skip(m, "uso")) < 0)
      break;
    code = sd_bus_message_exit_container(m);
  }
  if (code < 0)
    return garbage(endpoint);
  return paths;
}

// ---- watching

int64_t unix_now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Which unit an object is; empty when it is no service.
std::string service_at(const char* path) {
  char* name = nullptr;
  if (path == nullptr || sd_bus_path_decode(path, units_prefix, &name) <= 0)
    return {};
  std::string result{name};
  std::free(name); // NOLINT(cppcoreguidelines-no-malloc): sd-bus allocated it so.
  return unit_of_container_id(result);
}

/// What the signals have told and nobody has looked at yet.
struct unit_news {
  std::set<std::string> changed;
  std::set<std::string> removed;

  void on_change(sd_bus_message* m) {
    if (auto unit = service_at(sd_bus_message_get_path(m));
        !unit.empty() && changed.size() < dirty_max)
      changed.insert(std::move(unit));
  }

  void on_removal(sd_bus_message* m) {
    std::string unit;
    if (read_text(m, SD_BUS_TYPE_STRING, unit) <= 0 || removed.size() >= dirty_max)
      return;
    changed.erase(unit); // To ask about it would make systemd load it again.
    removed.insert(std::move(unit));
  }
};

/// Follows the services of one systemd.
class unit_watcher {
public:
  unit_watcher(dbus_connection& bus, const runtime_endpoint& endpoint,
               const event_observer& observer)
      : bus_(bus), endpoint_(endpoint), observer_(observer), history_(unix_now_ns()) {}

  call_error run() {
    if (auto error = subscribe(); error.code != ec::none)
      return error;
    // Only who answers lives; the reply also says that the subscription is in force.
    if (auto version = version_of(bus_, endpoint_); !version)
      return version.error();
    observer_.opened();
    while (true) {
      if (auto error = tell(); error.code != ec::none)
        return error;
      if (news_.changed.empty() && news_.removed.empty())
        if (auto error = bus_.wait_for_signals(); error.code != ec::none)
          return error;
    }
  }

private:
  call_error subscribe() {
    const auto changes = std::string{"type='signal',interface='"} + properties_interface
                         + "',member='PropertiesChanged',path_namespace='" + units_prefix + "'";
    const auto removals = std::string{"type='signal',interface='"} + manager_interface
                          + "',member='UnitRemoved',path='" + manager_path + "'";
    auto error = bus_.subscribe(changes, [this](sd_bus_message* m) { news_.on_change(m); });
    if (error.code == ec::none)
      error = bus_.subscribe(removals, [this](sd_bus_message* m) { news_.on_removal(m); });
    if (error.code != ec::none)
      return error;
    // On the bus systemd says nothing unless somebody asks for it; on its own socket it always
    // does, and this changes nothing.
    if (auto reply = bus_.call(manager_path, manager_interface, "Subscribe"); !reply)
      return reply.error();
    return {};
  }

  /// Several signals come with every change of a service: one look answers them all.
  call_error tell() {
    for (const auto& unit : std::exchange(news_.removed, {}))
      if (auto event = history_.removed(unit))
        observer_.event(std::move(*event));
    while (!news_.changed.empty()) {
      const auto unit = news_.changed.extract(news_.changed.begin()).value();
      bus_.renew();
      auto properties = unit_by_name(bus_, endpoint_, unit);
      if (properties)
        tell_change(unit, *properties);
      else if (properties.error().code != ec::unknown_container)
        return properties.error();
    }
    return {};
  }

  void tell_change(const std::string& unit, const unit_properties& properties) {
    auto id = control_group(properties);
    if (id.empty())
      id = history_.id_of(unit); // It has stopped.
    if (!is_unit_container(id))
      return;
    if (auto event = history_.changed(unit, metadata_of_unit(properties, std::move(id))))
      observer_.event(std::move(*event));
  }

  dbus_connection& bus_;
  const runtime_endpoint& endpoint_;
  const event_observer& observer_;
  unit_history history_;
  unit_news news_;
};

} // namespace

call_result<std::string> systemd_client::version(const call_limits& limits) {
  auto bus = dbus_connection::open(endpoint_, limits);
  return bus ? version_of(**bus, endpoint_) : call_result<std::string>{bus.error()};
}

call_result<std::vector<container_answer>> systemd_client::list(const call_limits& limits) {
  auto bus = dbus_connection::open(endpoint_, limits);
  if (!bus)
    return bus.error();
  auto paths = active_services(**bus, endpoint_);
  if (!paths)
    return paths.error();
  std::vector<container_answer> answers;
  for (const auto& path : *paths) {
    auto unit = properties_of(**bus, endpoint_, path);
    if (!unit)
      return unit.error();
    if (auto id = control_group(*unit); is_unit_container(id))
      answers.push_back({metadata_of_unit(*unit, std::move(id)), true});
  }
  return answers;
}

call_result<container_answer> systemd_client::inspect(const container_query& query,
                                                      const call_limits& limits) {
  const auto unknown = call_error{ec::unknown_container, "systemd has no such service"};
  if (!is_unit_container(query.id))
    return unknown;
  auto bus = dbus_connection::open(endpoint_, limits);
  if (!bus)
    return bus.error();
  auto unit = unit_by_name(**bus, endpoint_, unit_of_container_id(query.id));
  if (!unit)
    return unit.error();
  // A unit without one has stopped; one with another is not who was meant.
  if (const auto group = control_group(*unit); !group.empty() && group != query.id)
    return unknown;
  return container_answer{metadata_of_unit(*unit, query.id), true};
}

call_error systemd_client::watch(const event_observer& observer, const call_limits& limits) {
  auto bus = dbus_connection::open(endpoint_, limits);
  return bus ? unit_watcher{**bus, endpoint_, observer}.run() : bus.error();
}

} // namespace troupe
