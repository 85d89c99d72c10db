// SPDX-License-Identifier: Apache-2.0
#include "actors/console/settings_schema.hpp"

#include "actors/console/setting_values.hpp"
#include "actors/exporter/listen_address.hpp"
#include "messages/l7.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <unistd.h>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using setter = std::function<std::string(configuration&, std::string_view)>;

constexpr auto where_to_look = "Where to look";
constexpr auto kernel_side = "Kernel side";
constexpr auto inside = "Actors and bounds";
constexpr auto endpoint = "Endpoint";
constexpr auto kubernetes = "Kubernetes workloads";
constexpr auto logging = "Logging";

setting text_setting(std::string_view key, std::string_view group, std::string_view value,
                     std::string_view meaning, uint8_t scope, std::string settings::*member) {
  return {key,
          group,
          value,
          meaning,
          scope,
          false,
          [member](configuration& c, std::string_view text) {
            c.agent.*member = text;
            return std::string{};
          },
          [member](const configuration& c) {
            return c.agent.*member;
          }};
}

setting list_setting(std::string_view key, std::string_view meaning,
                     std::vector<std::string> settings::*member) {
  return {key,
          where_to_look,
          "PATH",
          meaning,
          scope_runtimes,
          true,
          [member](configuration& c, std::string_view text) {
            c.agent.*member = parse_list(text);
            return std::string{};
          },
          [member](const configuration& c) {
            return fmt::format("{}", fmt::join(c.agent.*member, ","));
          }};
}

setting names_setting(std::string_view key, std::string_view meaning,
                      std::vector<std::string> settings::*member) {
  auto x = list_setting(key, meaning, member);
  x.group = kernel_side;
  x.value = "NAME";
  x.scope = scope_kernel;
  return x;
}

setting l7_protocols_setting() {
  auto x = names_setting("l7_protocols", "protocols that are understood (default: all)",
                         &settings::l7_protocols);
  x.set = [](configuration& c, std::string_view text) -> std::string {
    std::vector<std::string> known;
    for (auto i = 1U; i <= static_cast<unsigned>(last_l7_protocol); ++i)
      known.emplace_back(to_string(static_cast<l7_protocol>(i)));
    auto wanted = parse_list(text);
    for (const auto& name : wanted)
      if (std::find(known.begin(), known.end(), name) == known.end())
        return fmt::format("there is no protocol \"{}\"; write some of {}", name,
                           fmt::join(known, ", "));
    c.agent.l7_protocols = std::move(wanted);
    return {};
  };
  return x;
}

setting switch_setting(std::string_view key, std::string_view group, std::string_view meaning,
                       uint8_t scope, bool settings::*member) {
  return {key,
          group,
          "",
          meaning,
          scope,
          false,
          [member](configuration& c, std::string_view text) -> std::string {
            const auto on = parse_switch(text);
            if (!on)
              return "write true or false";
            c.agent.*member = *on;
            return {};
          },
          [member](const configuration& c) {
            return c.agent.*member ? "true" : "false";
          }};
}

setting duration_setting_of(std::string_view key, std::string_view group, std::string_view meaning,
                            uint8_t scope, milliseconds settings::*member, milliseconds least,
                            milliseconds most) {
  return {key,
          group,
          "DURATION",
          meaning,
          scope,
          false,
          [=](configuration& c, std::string_view text) -> std::string {
            const auto duration = parse_duration(text);
            if (!duration)
              return "write a duration with its unit, like 500ms, 5s or 1m";
            if (*duration < least || *duration > most)
              return fmt::format("it must be from {} to {}", duration_setting(least),
                                 duration_setting(most));
            c.agent.*member = *duration;
            return {};
          },
          [member](const configuration& c) {
            return duration_setting(c.agent.*member);
          }};
}

setting number_setting(std::string_view key, std::string_view group, std::string_view meaning,
                       uint32_t settings::*member, uint32_t least, uint32_t most) {
  return {key,
          group,
          "NUMBER",
          meaning,
          scope_kernel,
          false,
          [=](configuration& c, std::string_view text) -> std::string {
            const auto number = parse_number(text);
            if (!number || *number < least || *number > most)
              return fmt::format("write a number from {} to {}", least, most);
            c.agent.*member = static_cast<uint32_t>(*number);
            return {};
          },
          [member](const configuration& c) {
            return std::to_string(c.agent.*member);
          }};
}

setting bytes_setting_of(std::string_view key, std::string_view group, std::string_view meaning,
                         uint32_t settings::*member, uint32_t least, uint32_t most) {
  return {key,
          group,
          "BYTES",
          meaning,
          scope_kernel,
          false,
          [=](configuration& c, std::string_view text) -> std::string {
            const auto bytes = parse_bytes(text);
            if (!bytes || *bytes < least || *bytes > most)
              return fmt::format("write a size from {} to {}, like 256KiB", bytes_setting(least),
                                 bytes_setting(most));
            c.agent.*member = static_cast<uint32_t>(*bytes);
            return {};
          },
          [member](const configuration& c) {
            return bytes_setting(c.agent.*member);
          }};
}

/// The kernel takes ring buffers only in powers of two and whole pages.
setting ring_bytes_setting() {
  auto x = bytes_setting_of("ring_bytes", kernel_side,
                            "size of the ring buffer between kernel and agent",
                            &settings::ring_bytes, 64U << 10U, 1U << 30U);
  x.set = [plain = x.set](configuration& c, std::string_view text) {
    auto error = plain(c, text);
    const auto page = static_cast<uint32_t>(::sysconf(_SC_PAGESIZE));
    const auto bytes = c.agent.ring_bytes;
    if (error.empty() && ((bytes & (bytes - 1)) != 0 || bytes % page != 0))
      error = "the kernel wants a power of two of whole pages, like 256KiB or 1MiB";
    return error;
  };
  return x;
}

setting listen_setting() {
  auto x = text_setting("listen", endpoint, "ADDRESS:PORT",
                        "where /metrics, /healthz and /readyz are served; \"off\": nowhere",
                        scope_endpoint, &settings::listen);
  x.set = [](configuration& c, std::string_view text) -> std::string {
    if (text != "off" && !parse_listen_address(text))
      return "write ADDRESS:PORT, like 127.0.0.1:9912, [::1]:9912 or 0.0.0.0:9912";
    c.agent.listen = text == "off" ? "" : text;
    return {};
  };
  return x;
}

setting choice_setting(std::string_view key, std::string_view meaning,
                       const std::vector<std::string_view>& choices,
                       std::string configuration::*member) {
  return {key,
          logging,
          "NAME",
          meaning,
          scope_all,
          false,
          [=](configuration& c, std::string_view text) -> std::string {
            if (std::find(choices.begin(), choices.end(), text) == choices.end())
              return fmt::format("write one of {}", fmt::join(choices, ", "));
            c.*member = text;
            return {};
          },
          [member](const configuration& c) {
            return c.*member;
          }};
}

std::vector<setting> where_settings() {
  return {
      text_setting("host_root", where_to_look, "PATH",
                   "where the host's file system is mounted, when run in a container",
                   scope_runtimes | scope_kernel, &settings::host_root),
      text_setting("cgroup_root", where_to_look, "PATH",
                   "root of the cgroup hierarchy that holds the containers (default: found)",
                   scope_kernel, &settings::cgroup_root),
      list_setting("docker_sockets", "sockets of docker (default: the usual paths)",
                   &settings::docker_sockets),
      list_setting("containerd_sockets", "sockets of containerd (default: the usual paths)",
                   &settings::containerd_sockets),
      list_setting("cri_sockets",
                   "sockets of CRI-O and others that speak CRI v1 (default: CRI-O's)",
                   &settings::cri_sockets),
      list_setting("podman_sockets", "sockets of podman (default: root's, and every user's)",
                   &settings::podman_sockets),
      switch_setting("runtimes_off", where_to_look, "ask no container runtime", scope_kernel,
                     &settings::runtimes_off),
      duration_setting_of("runtime_timeout", where_to_look, "bound of one call to a runtime",
                          scope_runtimes | scope_kernel, &settings::runtime_timeout,
                          milliseconds{50}, milliseconds{300'000}),
      switch_setting("l7", kernel_side, "understand what is said on connections", scope_kernel,
                     &settings::l7),
      switch_setting("l7_turns", kernel_side,
                     "count simple HTTP requests in the kernel, without telling each", scope_kernel,
                     &settings::l7_turns),
      l7_protocols_setting(),
      names_setting("l7_off_containers",
                    "containers of which nothing is captured: patterns of ids, like /k8s/*/proxy",
                    &settings::l7_off_containers),
      switch_setting("nat", kernel_side,
                     "ask conntrack and Cilium where dialled addresses really lead", scope_kernel,
                     &settings::nat),
      switch_setting("services", where_to_look, "systemd services are containers too",
                     scope_kernel | scope_actors, &settings::services),
      switch_setting("sessions", where_to_look, "so are the slices of users who are logged in",
                     scope_kernel | scope_actors, &settings::sessions),
      switch_setting("standalone", where_to_look,
                     "so are processes outside of all these that listen or connect",
                     scope_kernel | scope_actors, &settings::standalone),
  };
}

std::vector<setting> kernel_settings() {
  return {
      ring_bytes_setting(),
      bytes_setting_of("wakeup_bytes", kernel_side,
                       "unread bytes in the ring at which the kernel wakes the agent",
                       &settings::wakeup_bytes, 1024, 1U << 29U),
      duration_setting_of("drain_interval", kernel_side, "the ring is emptied at least so often",
                          scope_kernel, &settings::drain_interval, milliseconds{1},
                          milliseconds{1000}),
  };
}

std::vector<setting> actor_settings() {
  std::vector<setting> all{
      duration_setting_of("tick_interval", inside, "how often live connections are read",
                          scope_kernel, &settings::tick_interval, milliseconds{100},
                          milliseconds{600'000}),
      duration_setting_of("fallback_name_after", inside,
                          "a container without an answer from its runtime gets a fallback id",
                          scope_kernel, &settings::fallback_name_after, milliseconds{0},
                          milliseconds{600'000}),
      duration_setting_of(
          "retire_after", inside, "a container is exported so long after its last cgroup went",
          scope_kernel, &settings::retire_after, milliseconds{0}, milliseconds{3'600'000}),
      number_setting("credit_batches", inside, "batches in flight to one container",
                     &settings::credit_batches, 1, 1024),
      bytes_setting_of("pending_bytes_max", inside,
                       "events kept for one container that is behind, before data is dropped",
                       &settings::pending_bytes_max, 4096, 1U << 30U),
      number_setting("destinations_max", inside,
                     "destinations kept apart for one container; more become \"~other\"",
                     &settings::destinations_max, 1, 100'000),
      number_setting("domains_max", inside,
                     "names told apart for one container: those that DNS is asked for become "
                     "\"~other\" beyond, and addresses keep no name",
                     &settings::domains_max, 1, 100'000),
      number_setting("runtime_calls_max", inside, "calls to one runtime at once",
                     &settings::runtime_calls_max, 1, 256),
  };
  for (auto& x : all)
    x.scope |= scope_actors;
  return all;
}

std::vector<setting> endpoint_settings() {
  return {
      listen_setting(),
      duration_setting_of("scrape_timeout", endpoint,
                          "a container that does not answer a scrape in time is served as it was",
                          scope_endpoint, &settings::scrape_timeout, milliseconds{10},
                          milliseconds{60'000}),
      switch_setting("pod_labels", endpoint,
                     "add namespace, pod, container and node to every container's series",
                     scope_endpoint, &settings::pod_labels),
  };
}

setting workloads_url_setting() {
  auto x = text_setting("workloads_url", kubernetes, "URL",
                        "pod list of this node, the kubelet's or the API server's; empty: off",
                        scope_agent, &settings::workloads_url);
  x.set = [](configuration& c, std::string_view text) -> std::string {
    if (!text.empty() && !text.starts_with("https://") && !text.starts_with("http://"))
      return "write a URL, like https://127.0.0.1:10250/pods";
    c.agent.workloads_url = text;
    return {};
  };
  return x;
}

std::vector<setting> kubernetes_settings() {
  return {
      workloads_url_setting(),
      text_setting("workloads_token_file", kubernetes, "PATH",
                   "bearer token for it, read again for every call", scope_agent,
                   &settings::workloads_token_file),
      text_setting("workloads_ca_file", kubernetes, "PATH",
                   "who may sign its certificate (default: the system's); \"insecure\": anybody",
                   scope_agent, &settings::workloads_ca_file),
      duration_setting_of("workloads_interval", kubernetes, "how often it is asked", scope_agent,
                          &settings::workloads_interval, milliseconds{1'000},
                          milliseconds{3'600'000}),
  };
}

std::vector<setting> logging_settings() {
  return {
      choice_setting("log_level",
                     "trace, debug, info, warn, error or off (default: info for agent, else warn)",
                     {"trace", "debug", "info", "warn", "error", "off"}, &configuration::log_level),
      choice_setting("log_format", "text or json; logs go to stderr", {"text", "json"},
                     &configuration::log_format),
  };
}

} // namespace

std::string setting::flag() const {
  std::string text = "--";
  for (const char c : key)
    text += c == '_' ? '-' : c;
  if (list) // One socket a flag: --docker-socket.
    text.pop_back();
  return text;
}

std::string setting::environment() const {
  std::string text = "TROUPE_";
  for (const unsigned char c : key)
    text += static_cast<char>(std::toupper(c));
  return text;
}

const std::vector<setting>& settings_schema() {
  static const auto all = [] {
    std::vector<setting> schema;
    for (auto make : {where_settings, kernel_settings, actor_settings, endpoint_settings,
                      kubernetes_settings, logging_settings})
      for (auto& x : make())
        schema.push_back(std::move(x));
    return schema;
  }();
  return all;
}

std::string settings_markdown() {
  std::string text;
  std::string_view group;
  const configuration defaults;
  for (const auto& x : settings_schema()) {
    if (x.group != group) {
      group = x.group;
      text += fmt::format("\n### {}\n\n| flag | variable | key in the file | default | meaning |\n"
                          "|---|---|---|---|---|\n",
                          group);
    }
    const auto value = x.get(defaults);
    text += fmt::format("| `{}{}{}` | `{}` | `{}` | {} | {} |\n", x.flag(),
                        x.value.empty() ? "" : " ", x.value, x.environment(), x.key,
                        value.empty() ? "" : "`" + value + "`", x.meaning);
  }
  return text.substr(1);
}

} // namespace troupe
