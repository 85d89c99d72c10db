// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/docker_fields.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace troupe::docker_fields {

// docker: "restarting", "removing" and "dead" have no process. podman: "configured" and
// "initialized" have none of their own yet, "stopped" has none any more, "stopping" still has it.
container_state state_of(std::string_view word) {
  using enum container_state;
  constexpr std::array<std::pair<std::string_view, container_state>, 12> words{{
      {"created", created},
      {"configured", created},
      {"initialized", created},
      {"running", running},
      {"stopping", running},
      {"paused", paused},
      {"exited", exited},
      {"stopped", exited},
      {"restarting", exited},
      {"removing", exited},
      {"dead", exited},
      {"bad state", unknown},
  }};
  for (const auto& [text, state] : words)
    if (text == word)
      return state;
  return unknown;
}

namespace {

bool read_health(value& from, std::string& health) {
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "Status")
      read_text(content, health);
    return true;
  });
  if (health == "none") // docker's word for a check that was turned off
    health.clear();
  return whole;
}

// docker's own files have flags only.
struct state_flags {
  bool running = false;
  bool paused = false;
  bool restarting = false;
};

container_state state_by(const state_flags& flags, const container_metadata& metadata) {
  if (flags.paused)
    return container_state::paused;
  if (flags.restarting)
    return container_state::exited;
  if (flags.running)
    return container_state::running;
  return metadata.started_ns == 0 ? container_state::created : container_state::exited;
}

bool read_state(value& from, container_draft& draft) {
  auto& metadata = draft.metadata;
  int exit_code = 0;
  state_flags flags;
  bool has_flags = false;
  bool has_word = false;
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    std::string_view status;
    if (key == "Status" && content.get_string().get(status) == simdjson::SUCCESS) {
      metadata.state = state_of(status);
      has_word = true;
    } else if (key == "Running") {
      read_flag(content, flags.running);
      has_flags = true;
    } else if (key == "Paused")
      read_flag(content, flags.paused);
    else if (key == "Restarting")
      read_flag(content, flags.restarting);
    else if (key == "Pid")
      read_integer(content, metadata.pid);
    else if (key == "ExitCode")
      read_integer(content, exit_code);
    else if (key == "OOMKilled")
      read_flag(content, metadata.oom_killed);
    else if (key == "StartedAt")
      read_time(content, metadata.started_ns);
    else if (key == "FinishedAt")
      read_time(content, metadata.finished_ns);
    else if (key == "CgroupPath")
      read_text(content, draft.details.cgroup_path);
    else if (key == "Health" || key == "Healthcheck") // podman 3 called it so
      return read_health(content, metadata.health);
    return true;
  });
  if (!has_word && has_flags)
    metadata.state = state_by(flags, metadata);
  // The last end's time and code stand there while it runs again.
  const bool ended = metadata.state == container_state::exited;
  metadata.exit_code = ended ? std::optional{exit_code} : std::nullopt;
  if (!ended)
    metadata.finished_ns = 0;
  return whole;
}

bool read_config(value& from, container_draft& draft) {
  auto& details = draft.details;
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "Labels")
      return read_labels(content, draft.metadata.labels);
    if (key == "Env")
      return read_texts(content, runtime_bounds::texts, details.environment);
    if (key == "Annotations")
      return read_labels(content, details.annotations);
    if (key == "Image")
      read_text(content, draft.metadata.image);
    else if (key == "User")
      read_text(content, details.user);
    else if (key == "WorkingDir")
      read_text(content, details.working_dir);
    else if (key == "Hostname")
      read_text(content, details.hostname);
    return true;
  });
}

bool read_restart_policy(value& from, std::string& policy) {
  uint32_t most = 0;
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "Name")
      read_text(content, policy);
    else if (key == "MaximumRetryCount")
      read_integer(content, most);
    return true;
  });
  if (policy == "no")
    policy.clear();
  else if (policy == "on-failure" && most > 0)
    policy += ':' + std::to_string(most);
  return whole;
}

// "" is whatever the daemon was told to do, which it does not tell: only where that is known.
std::string sharing_of(std::string_view kind, std::string_view mode) {
  if (mode == "host" || mode.starts_with("container:"))
    return std::string{mode};
  if (mode.starts_with("ns:")) // podman
    return std::string{mode.substr(3)};
  const bool may_be_hosts = kind == "user" || kind == "cgroup";
  return mode.empty() && may_be_hosts ? "" : "private";
}

bool read_namespace(std::string_view key, value& content, container_details& details) {
  constexpr std::array<std::pair<std::string_view, const char*>, 7> modes{{
      {"NetworkMode", "net"},
      {"PidMode", "pid"},
      {"IpcMode", "ipc"},
      {"UTSMode", "uts"},
      {"UsernsMode", "user"},
      {"CgroupnsMode", "cgroup"},
      {"CgroupMode", "cgroup"}, // podman
  }};
  for (const auto& [name, kind] : modes) {
    std::string_view mode;
    if (name != key || content.get_string().get(mode) != simdjson::SUCCESS)
      continue;
    if (auto sharing = sharing_of(kind, mode); !sharing.empty())
      details.namespaces[kind] = std::move(sharing);
    return true;
  }
  return false;
}

// A tmpfs that was asked for by its flag: {"/path": "rw,size=64m"}.
bool read_tmpfs(value& from, container_details& details) {
  return for_each_field_of(from, [&](std::string_view path, value& content) {
    std::string options;
    read_text(content, options);
    if (details.mounts.size() < runtime_bounds::mounts)
      details.mounts.push_back({"tmpfs", "", std::string{path},
                                (',' + options + ',').find(",ro,") != std::string::npos});
    return true;
  });
}

bool read_host_config(value& from, container_draft& draft) {
  auto& details = draft.details;
  auto& limits = details.limits;
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "RestartPolicy")
      return read_restart_policy(content, details.restart_policy);
    if (key == "Tmpfs")
      return read_tmpfs(content, details);
    if (key == "Annotations")
      return read_labels(content, details.annotations);
    if (key == "LogConfig") // podman's has a path
      return for_each_field_of(content, [&](std::string_view name, value& path) {
        if (name == "Path")
          read_text(path, details.log_path);
        return true;
      });
    if (read_namespace(key, content, details))
      return true;
    if (key == "Runtime")
      read_text(content, draft.metadata.oci_runtime);
    else if (key == "Privileged")
      read_flag(content, details.privileged);
    else if (key == "Memory")
      read_integer(content, limits.memory_bytes);
    else if (key == "CpuShares")
      read_integer(content, limits.cpu_shares);
    else if (key == "PidsLimit") // -1 is how "no limit" is written: it does not fit and leaves 0.
      read_integer(content, limits.pids);
    else if (key == "CpusetCpus")
      read_text(content, limits.cpuset);
    else if (key == "NanoCpus")
      read_integer(content, draft.nano_cpus);
    else if (key == "CpuQuota")
      read_integer(content, draft.quota_us);
    else if (key == "CpuPeriod")
      read_integer(content, draft.period_us);
    else if (key == "CgroupParent")
      read_text(content, draft.cgroup_parent);
    return true;
  });
}

bool read_mount(value& from, std::vector<container_mount>& mounts) {
  container_mount mount;
  std::string volume;
  bool writable = true;
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "Type")
      read_text(content, mount.type);
    else if (key == "Source")
      read_text(content, mount.source);
    else if (key == "Destination")
      read_text(content, mount.destination);
    else if (key == "Name")
      read_text(content, volume);
    else if (key == "RW")
      read_flag(content, writable);
    return true;
  });
  if (mount.type == "volume" && !volume.empty())
    mount.source = std::move(volume);
  mount.read_only = !writable;
  if (mounts.size() < runtime_bounds::mounts && !mount.destination.empty())
    mounts.push_back(std::move(mount));
  return whole;
}

bool read_network(std::string_view name, value& from, std::vector<container_network>& networks) {
  container_network network{.name = std::string{name}, .ipv4 = {}, .ipv6 = {}, .mac = {}};
  const bool whole = for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key == "IPAddress")
      read_text(content, network.ipv4);
    else if (key == "GlobalIPv6Address")
      read_text(content, network.ipv6);
    else if (key == "MacAddress")
      read_text(content, network.mac);
    return true;
  });
  // The networks "none" and "host" are none; the namespaces tell them.
  const bool real = !network.ipv4.empty() || (name != "none" && name != "host");
  if (networks.size() < runtime_bounds::networks && real)
    networks.push_back(std::move(network));
  return whole;
}

bool read_networks(value& from, std::vector<container_network>& networks) {
  return for_each_field_of(from, [&](std::string_view key, value& content) {
    if (key != "Networks")
      return true;
    return for_each_field_of(content, [&](std::string_view name, value& network) {
      return read_network(name, network, networks);
    });
  });
}

// As an OCI spec's cgroupsPath; docker names what it makes below the parent itself.
std::string cgroup_below(const std::string& parent, const std::string& id) {
  return parent.ends_with(".slice") ? parent + ":docker:" + id : parent + '/' + id;
}

} // namespace

bool read_inspected(std::string_view key, value& content, container_draft& draft) {
  auto& metadata = draft.metadata;
  auto& details = draft.details;
  if (key == "State")
    return read_state(content, draft);
  if (key == "Config")
    return read_config(content, draft);
  if (key == "HostConfig")
    return read_host_config(content, draft);
  if (key == "NetworkSettings")
    return read_networks(content, details.networks);
  if (key == "Mounts")
    return for_each_item_of(content,
                            [&](value& mount) { return read_mount(mount, details.mounts); });
  if (key == "Args") {
    details.command.resize(1); // What stands in "Path" goes first, wherever that is.
    return read_texts(content, runtime_bounds::texts, details.command);
  }
  std::string_view text;
  if (key == "Path" && content.get_string().get(text) == simdjson::SUCCESS) {
    details.command.resize(std::max<size_t>(details.command.size(), 1));
    details.command.front() = text;
  } else if (key == "Id" || key == "ID") // so in docker's own files
    read_text(content, metadata.id);
  else if (key == "Name" && content.get_string().get(text) == simdjson::SUCCESS)
    metadata.name = without_slash(text);
  else if (key == "Created")
    read_time(content, metadata.created_ns);
  else if (key == "RestartCount")
    read_integer(content, metadata.restarts);
  else if (key == "LogPath")
    read_text(content, details.log_path);
  return true;
}

container_metadata finish(container_draft draft) {
  auto& [metadata, details, parent, nano_cpus, quota_us, period_us] = draft;
  if (details.command.size() == 1 && details.command.front().empty())
    details.command.clear();
  constexpr int64_t default_period_us = 100'000;
  details.limits.cpu_millicores =
      nano_cpus > 0 ? static_cast<uint64_t>(nano_cpus) / 1'000'000
                    : millicores(quota_us, period_us > 0 ? period_us : default_period_us);
  if (details.cgroup_path.empty() && !parent.empty())
    details.cgroup_path = cgroup_below(parent, metadata.id);
  bound(details);
  metadata.nomad = nomad_from(details.environment);
  metadata.details = std::make_shared<const container_details>(std::move(details));
  bound(metadata);
  return std::move(metadata);
}

} // namespace troupe::docker_fields
