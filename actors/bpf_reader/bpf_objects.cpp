// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/bpf_objects.hpp"

#include "actors/bpf_reader/bpf_refusal.hpp"
#include "actors/bpf_reader/kernel_btf.hpp"
#include "bpf/config.h"

#include "cgroup_bpf.skel.h"
#include "l7_fentry_bpf.skel.h"
#include "l7_tracepoint_bpf.skel.h"
#include "oom_bpf.skel.h"
#include "process_bpf.skel.h"
#include "process_iter_bpf.skel.h"
#include "shared_maps_bpf.skel.h"
#include "socket_bpf.skel.h"
#include "socket_owner_fentry_bpf.skel.h"
#include "socket_owner_kprobe_bpf.skel.h"
#include "socket_owner_tracepoint_bpf.skel.h"
#include "socket_progress_bpf.skel.h"
#include "socket_scan_bpf.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace troupe {

namespace {

constexpr std::string_view socket_owner = "socket_owner";
constexpr std::string_view l7_capture = "l7";
constexpr std::string_view accepted_sockets = "accepted_sockets";

// What kprobes are attached by.
constexpr const char* kprobe_type_path = "/sys/bus/event_source/devices/kprobe/type";

struct object_file {
  std::string_view feature;
  std::string_view hook; ///< of several ways to the same feature; the first that works is taken
  const void* (*bytes)(size_t*);
};

// In the order of attaching. The owner of an accepted socket is learned before connections are
// told, and the way of it decides what the objects behind have to do for it (owner_by_kprobe);
// whoever is a victim is known before its exit. Exits are told before anything that says of a
// process that it is there ("process" begins with them): who comes before us and ends unseen would
// stay for ever.
constexpr std::array<object_file, 12> object_files{{
    {"oom", "", oom_bpf::elf_bytes},
    {"process", "", process_bpf::elf_bytes},
    {"cgroup", "", cgroup_bpf::elf_bytes},
    {socket_owner, "tracepoint", socket_owner_tracepoint_bpf::elf_bytes},
    {socket_owner, "fentry", socket_owner_fentry_bpf::elf_bytes},
    {socket_owner, "kprobe", socket_owner_kprobe_bpf::elf_bytes},
    {"socket", "", socket_bpf::elf_bytes},
    {"process_iterator", "", process_iter_bpf::elf_bytes},
    {"socket_iterator", "", socket_progress_bpf::elf_bytes},
    {"socket_scan", "", socket_scan_bpf::elf_bytes},
    {l7_capture, "tracepoint", l7_tracepoint_bpf::elf_bytes},
    {l7_capture, "fentry", l7_fentry_bpf::elf_bytes},
}};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// What the kernel takes as the size of a ring.
uint32_t ring_size(const kernel_options& options) {
  const auto page = static_cast<uint32_t>(sysconf(_SC_PAGESIZE));
  return std::bit_ceil(std::clamp(options.ring_bytes, page, 1U << 30));
}

kernel_config make_config(const kernel_options& options, const kernel_btf& types) {
  kernel_config config{};
  config.only_cgroup = options.only_cgroup;
  config.wakeup_bytes = options.wakeup_bytes;
  config.data_limit_bytes = ring_size(options) / 4 * 3;
  config.l7 = options.l7;
  config.l7_turns = options.l7 && options.l7_turns;
  config.cgroup_subsys = -1;
  if (!options.cgroup_controller.empty()) {
    const auto& name = options.cgroup_controller;
    config.cgroup_subsys =
        types.enumerator("cgroup_subsys_id", (name == "blkio" ? "io" : name) + "_cgrp_id")
            .value_or(-1);
  }
  // (task, uid) since 6.9, (pid) before; (task, group_dead) since 6.16, (task) before.
  config.mark_victim_has_task = types.tracepoint_arguments("mark_victim").value_or(0) >= 2;
  config.exit_has_group_dead = types.tracepoint_arguments("sched_process_exit").value_or(0) >= 2;
  // (sk, message, size, nonblock, flags, name_size) until 5.18.
  config.receive_has_nonblock = types.function_arguments("tcp_recvmsg").value_or(0) >= 6;
  return config;
}

/// "tcp_sendmsg" of "fentry/tcp_sendmsg", if that is what the program hooks.
std::string hooked(const bpf_program* program, std::initializer_list<std::string_view> kinds) {
  const std::string_view section = bpf_program__section_name(program);
  const auto slash = std::min(section.find('/'), section.size());
  if (std::find(kinds.begin(), kinds.end(), section.substr(0, slash)) == kinds.end())
    return {};
  return std::string{section.substr(slash + 1)};
}

/// What this kernel lacks for the object, in words; empty when it has all. Programs that are marked
/// as optional are loaded where there is what they hook.
std::string missing_hook(bpf_object* object, const kernel_btf& types) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    if (const auto name = hooked(program, {"tp_btf"}); !name.empty() && !types.has_tracepoint(name))
      return "this kernel has no tracepoint " + name;
    if (!hooked(program, {"kprobe", "kretprobe"}).empty() && access(kprobe_type_path, F_OK) != 0)
      return std::string{"this kernel has no kprobes ("} + kprobe_type_path + ")";
    const auto function = hooked(program, {"fentry", "fexit", "kprobe", "kretprobe"});
    if (function.empty())
      continue;
    if (types.has_function(function))
      bpf_program__set_autoload(program, true);
    else if (bpf_program__autoload(program))
      return "this kernel has no function " + function;
  }
  return {};
}

/// The map by which kprobes reach sockets: made by the kprobes' object, which comes before those
/// that share it. Without kprobes nobody needs it.
int prepare_accepted_sockets(bpf_map* map, const kernel_config& config, const bpf_objects& shared) {
  if (config.owner_by_kprobe == 0)
    return bpf_map__set_autocreate(map, false) == 0 ? 0 : EINVAL;
  const auto* owner = shared.find(socket_owner);
  if (owner == nullptr)
    return 0;
  const auto fd = bpf_object__find_map_fd_by_name(owner->object(), bpf_map__name(map));
  return bpf_map__reuse_fd(map, fd) == 0 ? 0 : errno;
}

/// Puts the configuration and the shared maps in. 0 or an errno.
int prepare(bpf_object* object, const kernel_config& config, const bpf_objects& shared) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string_view name = bpf_map__name(map);
    if (ends_with(name, KERNEL_CONFIG_SECTION)) {
      if (bpf_map__set_initial_value(map, &config, sizeof(config)) != 0)
        return EINVAL;
    } else if (name == accepted_sockets) {
      if (const auto error = prepare_accepted_sockets(map, config, shared); error != 0)
        return error;
    } else if (name == "ended_groups" && config.exit_has_group_dead != 0) {
      bpf_map__set_max_entries(map, 1); // The kernel says which thread is the last.
    } else if (const auto fd = shared.map_fd(bpf_map__name(map)); fd >= 0) {
      if (bpf_map__reuse_fd(map, fd) != 0)
        return errno;
    }
  }
  return 0;
}

bpf_link* attach_program(bpf_program* program, int sockets_fd) {
  const std::string_view section = bpf_program__section_name(program);
  if (section != "iter/bpf_sk_storage_map")
    return bpf_program__attach(program);
  bpf_iter_link_info target{};
  target.map.map_fd = static_cast<__u32>(sockets_fd);
  bpf_iter_attach_opts options{};
  options.sz = sizeof(options);
  options.link_info = &target;
  options.link_info_len = sizeof(target);
  return bpf_program__attach_iter(program, &options);
}

bpf_object* open_object(const object_file& file) {
  size_t size = 0;
  const auto* bytes = file.bytes(&size);
  bpf_object_open_opts options{};
  options.sz = sizeof(options);
  const std::string name{file.feature};
  options.object_name = name.c_str();
  return bpf_object__open_mem(bytes, size, &options);
}

/// Of one way among several, or of the only one.
void note_refusal(feature_status& status, const object_file& file, const std::string& reason) {
  if (!status.reason.empty())
    status.reason += "; ";
  if (!file.hook.empty())
    status.reason += std::string{file.hook} + ": ";
  status.reason += reason;
  spdlog::debug("bpf_reader feature-log {} {}: {} {}", file.feature, file.hook, reason,
                libbpf_text());
}

/// "" takes the first way that works.
bool is_wanted(const object_file& file, const kernel_options& options) {
  if (file.feature == l7_capture)
    return options.l7_hook.empty() || file.hook == options.l7_hook;
  return file.feature != socket_owner || options.socket_owner_hook.empty()
         || file.hook == options.socket_owner_hook;
}

} // namespace

void bpf_feature::close_object::operator()(bpf_object* x) const {
  bpf_object__close(x);
}

void bpf_feature::destroy_link::operator()(bpf_link* x) const {
  bpf_link__destroy(x);
}

bpf_feature::bpf_feature(std::string name, bpf_object* object)
    : name_{std::move(name)}, object_{object} {}

int bpf_feature::iterator_link_fd() const {
  return iterator_ && !links_.empty() ? bpf_link__fd(links_.front().get()) : -1;
}

std::string bpf_feature::attach(int sockets_fd) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    if (!bpf_program__autoload(program))
      continue;
    const std::string_view section = bpf_program__section_name(program);
    auto* link = attach_program(program, sockets_fd);
    if (link == nullptr)
      return refusal(errno, bpf_program__name(program));
    links_.emplace_back(link);
    iterator_ = section.substr(0, 5) == "iter/";
  }
  return {};
}

bpf_objects::bpf_objects(const kernel_options& options) {
  keep_libbpf_text();
  const kernel_btf types;
  auto config = make_config(options, types);
  auto reason =
      types ? load_maps(options) : std::string{"this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)"};
  for (const auto& file : object_files) {
    if (file.feature == l7_capture && !options.l7)
      continue;
    if (statuses_.empty() || statuses_.back().feature != file.feature)
      statuses_.push_back({std::string{file.feature}, false, reason, {}});
    auto& status = statuses_.back();
    if (!reason.empty() || status.enabled || !is_wanted(file, options))
      continue;
    clear_libbpf_text();
    bpf_feature feature{std::string{file.feature}, open_object(file)};
    config.owner_by_kprobe =
        (file.feature == socket_owner && file.hook == "kprobe") || is_owner_by_kprobe();
    if (const auto refused = load(feature, config, types); !refused.empty()) {
      note_refusal(status, file, refused);
      continue;
    }
    status = {std::string{file.feature}, true, {}, std::string{file.hook}};
    features_.push_back(std::move(feature));
  }
  leave_owners_to_l7();
  for (const auto& status : statuses_)
    if (!status.enabled)
      spdlog::error("bpf_reader feature-off {}: {}", status.feature, status.reason);
}

bool bpf_objects::is_owner_by_kprobe() const {
  return std::any_of(statuses_.begin(), statuses_.end(), [](const feature_status& x) {
    return x.feature == socket_owner && x.enabled && x.hook == "kprobe";
  });
}

/// Both are on the same tracepoints, and l7's programs do what socket_owner's do.
void bpf_objects::leave_owners_to_l7() {
  const auto is_by_tracepoint = [this](std::string_view feature) {
    return std::any_of(statuses_.begin(), statuses_.end(), [&](const feature_status& x) {
      return x.feature == feature && x.enabled && x.hook == "tracepoint";
    });
  };
  if (!is_by_tracepoint(socket_owner) || !is_by_tracepoint(l7_capture))
    return;
  for (auto& feature : features_)
    if (feature.name() == socket_owner)
      feature.detach();
}

std::string bpf_objects::load_maps(const kernel_options& options) {
  clear_libbpf_text();
  auto maps =
      std::make_unique<bpf_feature>("maps", open_object({"maps", "", shared_maps_bpf::elf_bytes}));
  if (maps->object() == nullptr)
    return refusal(errno, "open");
  auto* ring = bpf_object__find_map_by_name(maps->object(), "events");
  bpf_map__set_max_entries(ring, ring_size(options));
  if (const auto error = bpf_object__load(maps->object()); error != 0)
    return refusal(-error, "maps");
  maps_ = std::move(maps);
  return {};
}

std::string bpf_objects::load(bpf_feature& feature, const kernel_config& config,
                              const kernel_btf& types) {
  const auto begin = std::chrono::steady_clock::now();
  if (feature.object() == nullptr)
    return refusal(errno, "open");
  if (auto missing = missing_hook(feature.object(), types); !missing.empty())
    return missing;
  if (const auto error = prepare(feature.object(), config, *this); error != 0)
    return refusal(error, "maps");
  if (const auto error = bpf_object__load(feature.object()); error != 0)
    return refusal(-error, "load");
  auto refused = feature.attach(map_fd("sockets"));
  feature.took(std::chrono::steady_clock::now() - begin);
  return refused;
}

const bpf_feature* bpf_objects::find(std::string_view feature) const {
  for (const auto& x : features_)
    if (x.name() == feature)
      return &x;
  return nullptr;
}

int bpf_objects::map_fd(const char* name) const {
  return maps_ ? bpf_object__find_map_fd_by_name(maps_->object(), name) : -1;
}

int bpf_objects::map_fd_of(std::string_view feature, const char* name) const {
  const auto* found = find(feature);
  return found != nullptr ? bpf_object__find_map_fd_by_name(found->object(), name) : -1;
}

std::vector<bpf_map*> bpf_objects::shared_maps() const {
  std::vector<bpf_map*> result;
  bpf_map* map = nullptr;
  if (maps_)
    bpf_object__for_each_map(map, maps_->object()) result.push_back(map);
  if (const auto* owner = find(socket_owner); owner != nullptr && is_owner_by_kprobe())
    result.push_back(
        bpf_object__find_map_by_name(owner->object(), std::string{accepted_sockets}.c_str()));
  return result;
}

std::vector<feature_status> probe_features(const std::string& cgroup_controller) {
  kernel_options options;
  options.ring_bytes = 64U << 10; // Large enough for every page size.
  options.cgroup_controller = cgroup_controller;
  options.l7 = true;
  return bpf_objects{options}.statuses();
}

} // namespace troupe
