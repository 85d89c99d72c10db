// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/oci_spec.hpp"

#include "actors/runtime_metadata/json_fields.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace troupe {
namespace {

using namespace json_fields;

// What the text says besides the details; only both together tell whether it is privileged.
struct spec_facts {
  bool has_version = false;
  bool admin = false;       ///< CAP_SYS_ADMIN may be had
  bool all_devices = false; ///< any device may be used
  bool masked = false;      ///< parts of /proc are hidden
};

bool read_user(value& from, std::string& user) {
  uint32_t uid = 0;
  uint32_t gid = 0;
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "uid")
      read_integer(content, uid);
    else if (key == "gid")
      read_integer(content, gid);
    return true;
  });
  user = std::to_string(uid) + ":" + std::to_string(gid);
  return whole;
}

bool read_capabilities(value& from, bool& admin) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key != "bounding")
      return true;
    return for_each_item_of(content, [&](value& item) {
      std::string_view name;
      if (item.get_string().get(name) == simdjson::SUCCESS && name == "CAP_SYS_ADMIN")
        admin = true;
      return true;
    });
  });
}

bool read_process(value& from, container_details& details, spec_facts& facts) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "args")
      return read_texts(content, runtime_bounds::texts, details.command);
    if (key == "env")
      return read_texts(content, runtime_bounds::texts, details.environment);
    if (key == "user")
      return read_user(content, details.user);
    if (key == "capabilities")
      return read_capabilities(content, facts.admin);
    if (key == "cwd")
      read_text(content, details.working_dir);
    return true;
  });
}

// What every container has, and what says nothing about this one.
bool is_common(const container_mount& mount) {
  constexpr std::array<std::string_view, 6> kernel_types{"proc",   "sysfs",  "devpts",
                                                         "mqueue", "cgroup", "cgroup2"};
  if (std::find(kernel_types.begin(), kernel_types.end(), mount.type) != kernel_types.end())
    return true;
  return mount.type == "tmpfs" && (mount.destination == "/dev" || mount.destination == "/dev/shm");
}

bool read_options(value& from, container_mount& mount, bool& bind) {
  return for_each_item_of(from, [&](value& item) {
    std::string_view option;
    if (item.get_string().get(option) != simdjson::SUCCESS)
      return true;
    if (option == "ro" || option == "rro")
      mount.read_only = true;
    else if (option == "bind" || option == "rbind") // The type may be "none" then, or anything.
      bind = true;
    return true;
  });
}

bool read_mount(value& from, std::vector<container_mount>& mounts) {
  container_mount mount;
  bool bind = false;
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "destination")
      read_text(content, mount.destination);
    else if (key == "source")
      read_text(content, mount.source);
    else if (key == "type")
      read_text(content, mount.type);
    else if (key == "options")
      return read_options(content, mount, bind);
    return true;
  });
  if (bind)
    mount.type = "bind";
  if (mounts.size() < runtime_bounds::mounts && !mount.destination.empty() && !is_common(mount))
    mounts.push_back(std::move(mount));
  return whole;
}

// The spec's words for namespaces, and those of /proc/<pid>/ns.
constexpr std::array<std::pair<std::string_view, const char*>, 7> namespace_kinds{{
    {"network", "net"},
    {"mount", "mnt"},
    {"pid", "pid"},
    {"ipc", "ipc"},
    {"uts", "uts"},
    {"user", "user"},
    {"cgroup", "cgroup"},
}};

bool read_namespaces(value& from, std::map<std::string, std::string>& namespaces) {
  return for_each_item_of(from, [&](value& item) {
    std::string type;
    std::string path;
    const bool whole = for_each_field_of(item, [&](std::string_view key, value& content) {
      if (key == "type")
        read_text(content, type);
      else if (key == "path")
        read_text(content, path);
      return true;
    });
    for (const auto& [name, kind] : namespace_kinds)
      if (name == type)
        namespaces[kind] = path.empty() ? "private" : std::move(path);
    return whole;
  });
}

// One that lets everything through: {"allow": true, "access": "rwm"} and no type or number.
bool read_device_rule(value& from, bool& all_devices) {
  bool allow = false;
  bool some_only = false;
  std::string access;
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "allow")
      read_flag(content, allow);
    else if (key == "access")
      read_text(content, access);
    else if (key == "major" || key == "minor")
      some_only = true;
    else if (key == "type") {
      std::string type;
      read_text(content, type);
      some_only = some_only || type != "a";
    }
    return true;
  });
  if (allow && !some_only && access == "rwm")
    all_devices = true;
  return whole;
}

bool read_cpu(value& from, container_limits& limits) {
  int64_t quota_us = 0;
  int64_t period_us = 100'000; // the kernel's default
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "shares")
      read_integer(content, limits.cpu_shares);
    else if (key == "quota")
      read_integer(content, quota_us);
    else if (key == "period")
      read_integer(content, period_us);
    else if (key == "cpus")
      read_text(content, limits.cpuset);
    return true;
  });
  limits.cpu_millicores = millicores(quota_us, period_us);
  return whole;
}

// -1 is how "no limit" is written: it does not fit and leaves 0.
bool read_limit(value& from, uint64_t& limit) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "limit")
      read_integer(content, limit);
    return true;
  });
}

bool read_resources(value& from, container_limits& limits, spec_facts& facts) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "memory")
      return read_limit(content, limits.memory_bytes);
    if (key == "pids")
      return read_limit(content, limits.pids);
    if (key == "cpu")
      return read_cpu(content, limits);
    if (key == "devices")
      return for_each_item_of(
          content, [&](value& rule) { return read_device_rule(rule, facts.all_devices); });
    return true;
  });
}

bool read_linux(value& from, container_details& details, spec_facts& facts) {
  // A namespace that the spec does not name is the one of whoever starts the container.
  for (const auto& [name, kind] : namespace_kinds)
    details.namespaces[kind] = "host";
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "cgroupsPath")
      read_text(content, details.cgroup_path);
    else if (key == "namespaces")
      return read_namespaces(content, details.namespaces);
    else if (key == "resources")
      return read_resources(content, details.limits, facts);
    else if (key == "maskedPaths")
      return for_each_item_of(content, [&](value&) {
        facts.masked = true;
        return true;
      });
    return true;
  });
}

bool read_spec(object& fields, container_details& details, spec_facts& facts) {
  return for_each_field(fields, [&](std::string_view key, value& content) {
    if (key == "process")
      return read_process(content, details, facts);
    if (key == "mounts")
      return for_each_item_of(content,
                              [&](value& item) { return read_mount(item, details.mounts); });
    if (key == "linux")
      return read_linux(content, details, facts);
    if (key == "annotations")
      return read_labels(content, details.annotations);
    if (key == "hostname")
      read_text(content, details.hostname);
    else if (key == "ociVersion") {
      std::string version;
      read_text(content, version);
      facts.has_version = !version.empty();
    }
    return true;
  });
}

} // namespace

std::optional<oci_spec> parse_oci_spec(std::string_view json) {
  json_document text{json};
  object fields;
  oci_spec spec;
  spec_facts facts;
  if (!text.open(fields) || !read_spec(fields, spec.details, facts) || !text.at_end()
      || !facts.has_version)
    return std::nullopt;
  spec.details.privileged = facts.admin && facts.all_devices && !facts.masked;
  bound(spec.details);
  spec.nomad = nomad_from(spec.details.environment);
  return spec;
}

namespace {

// The first of these annotations that is there; empty when none is.
template <size_t Count>
std::string first_of(const container_details& details, const std::array<const char*, Count>& keys) {
  for (const char* key : keys)
    if (auto i = details.annotations.find(key); i != details.annotations.end())
      return i->second;
  return {};
}

void set_missing(std::string& field, std::string text) {
  if (field.empty())
    field = std::move(text);
}

// A pod's containers have these namespaces from its sandbox, by a path that changes with it.
void name_pods_namespaces(std::map<std::string, std::string>& namespaces) {
  std::string of_sandbox; // "/proc/<pid>/ns/"
  for (const char* kind : {"net", "ipc", "uts"})
    if (auto i = namespaces.find(kind); i != namespaces.end() && i->second.starts_with('/')) {
      of_sandbox = i->second.substr(0, i->second.rfind('/') + 1);
      i->second = "pod";
    }
  // That of another container is one to be debugged.
  if (auto pid = namespaces.find("pid");
      pid != namespaces.end() && !of_sandbox.empty() && pid->second == of_sandbox + "pid")
    pid->second = "pod";
}

} // namespace

void apply_annotations(container_metadata& metadata, container_details& details) {
  // containerd's key, then CRI-O's (which has Kubernetes' labels among them).
  const auto of = [&](auto... keys) {
    return first_of(details, std::array<const char*, sizeof...(keys)>{keys...});
  };
  const auto type = of("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType");
  if (type.empty())
    return;
  const bool sandbox = type == "sandbox";
  metadata.sandbox = metadata.sandbox || sandbox;
  if (!sandbox) {
    set_missing(metadata.sandbox_id,
                of("io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID"));
    set_missing(metadata.name,
                of("io.kubernetes.cri.container-name", "io.kubernetes.container.name"));
    set_missing(metadata.image, of("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
                                   "io.kubernetes.cri-o.Image"));
    set_missing(details.log_path, of("io.kubernetes.cri-o.LogPath"));
    name_pods_namespaces(details.namespaces);
  }
  const std::pair<const char*, std::string> labels[] = {
      {"io.kubernetes.pod.name", of("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name")},
      {"io.kubernetes.pod.namespace",
       of("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace")},
      {"io.kubernetes.pod.uid", of("io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid")},
      {"io.kubernetes.container.name", sandbox ? std::string{} : metadata.name},
  };
  for (const auto& [key, text] : labels)
    if (!text.empty())
      metadata.labels.try_emplace(key, text);
  bound(metadata);
  bound(details);
}

} // namespace troupe
