// SPDX-License-Identifier: Apache-2.0
#include "actors/bpf_reader/bpf_objects.hpp"

#include "actors/bpf_reader/kernel_btf.hpp"
#include "bpf/config.h"

#include "cgroup_bpf.skel.h"
#include "oom_bpf.skel.h"
#include "process_bpf.skel.h"
#include "process_iter_bpf.skel.h"
#include "shared_maps_bpf.skel.h"
#include "socket_bpf.skel.h"
#include "socket_owner_bpf.skel.h"
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
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace troupe {

namespace {

struct object_file {
  const char* feature;
  const void* (*bytes)(size_t*);
};

// In the order of attaching. The owner of an accepted socket is learned before connections are
// told, and whoever is a victim before its exit is.
constexpr std::array<object_file, 8> object_files{{
    {"oom", oom_bpf::elf_bytes},
    {"cgroup", cgroup_bpf::elf_bytes},
    {"process", process_bpf::elf_bytes},
    {"socket", socket_bpf::elf_bytes},
    {"socket_owner", socket_owner_bpf::elf_bytes},
    {"process_iterator", process_iter_bpf::elf_bytes},
    {"socket_iterator", socket_progress_bpf::elf_bytes},
    {"socket_scan", socket_scan_bpf::elf_bytes},
}};

constexpr size_t log_bytes_max = 64U << 10;

constexpr const char* signs_of_age[] = {"invalid func unknown#", "unknown func ",
                                        "uses reserved fields", "unknown opcode"};

// What libbpf printed since the last clear: the verifier's log is part of it. Loading happens in
// one thread at a time.
thread_local std::string libbpf_text;

/// The verifier's log comes in one piece, and what it says of the error stands at its end.
int keep_text(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG)
    return 0;
  va_list measured;
  va_copy(measured, arguments);
  const auto size = std::vsnprintf(nullptr, 0, format, measured);
  va_end(measured);
  if (size <= 0)
    return size;
  std::string text(static_cast<size_t>(size) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), format, arguments);
  text.pop_back();
  libbpf_text += text;
  if (libbpf_text.size() > log_bytes_max)
    libbpf_text.erase(0, libbpf_text.size() - log_bytes_max);
  return size;
}

/// A helper, an instruction or an iterator that the verifier has never heard of.
bool is_too_old() {
  return std::any_of(std::begin(signs_of_age), std::end(signs_of_age),
                     [](const char* sign) { return libbpf_text.find(sign) != std::string::npos; });
}

std::string reason_of(int error, std::string_view step) {
  switch (error) {
    case EPERM:
      return "the kernel refuses BPF to this process; run as root or with CAP_BPF and CAP_PERFMON";
    case EACCES:
    case EINVAL:
      if (is_too_old())
        return "this kernel is too old for it; all features work from 5.15 on";
      return "this kernel's verifier rejects a program (" + std::string{step}
             + "); its log is printed at log level debug";
    case ENOMEM:
      return "the kernel has no memory for it (" + std::string{step} + ")";
    case EOPNOTSUPP:
      return "this kernel was built without what it needs (" + std::string{step} + ")";
    default:
      return std::string{step} + ": " + std::strerror(error);
  }
}

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
  config.wakeup_bytes = options.wakeup_bytes;
  config.data_limit_bytes = ring_size(options) / 4 * 3;
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
  return config;
}

/// What this kernel lacks for the object, in words; empty when it has all.
std::string missing_hook(bpf_object* object, const kernel_btf& types) {
  constexpr std::string_view prefix = "tp_btf/";
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    const std::string_view section = bpf_program__section_name(program);
    if (section.substr(0, prefix.size()) != prefix)
      continue;
    const std::string tracepoint{section.substr(prefix.size())};
    if (!types.has_tracepoint(tracepoint))
      return "this kernel has no tracepoint " + tracepoint;
  }
  return {};
}

/// Puts the configuration and the shared maps in. 0 or an errno.
int prepare(bpf_object* object, const kernel_config& config, const bpf_objects& shared) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string_view name = bpf_map__name(map);
    if (ends_with(name, KERNEL_CONFIG_SECTION)) {
      if (bpf_map__set_initial_value(map, &config, sizeof(config)) != 0)
        return EINVAL;
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
  options.object_name = file.feature;
  return bpf_object__open_mem(bytes, size, &options);
}

void log_failure(const feature_status& status) {
  spdlog::error("bpf_reader feature-off {}: {}", status.feature, status.reason);
  if (!libbpf_text.empty())
    spdlog::debug("bpf_reader feature-log {}: {}", status.feature, libbpf_text);
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
    const std::string_view section = bpf_program__section_name(program);
    auto* link = attach_program(program, sockets_fd);
    if (link == nullptr)
      return reason_of(errno, bpf_program__name(program));
    links_.emplace_back(link);
    iterator_ = section.substr(0, 5) == "iter/";
  }
  return {};
}

bpf_objects::bpf_objects(const kernel_options& options) {
  libbpf_set_print(keep_text);
  const kernel_btf types;
  const auto config = make_config(options, types);
  auto reason =
      types ? load_maps(options) : std::string{"this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)"};
  for (const auto& file : object_files) {
    auto& status = statuses_.emplace_back(feature_status{file.feature, false, reason});
    if (!reason.empty())
      continue;
    libbpf_text.clear();
    bpf_feature feature{file.feature, open_object(file)};
    status.reason = load(feature, config, types);
    status.enabled = status.reason.empty();
    if (status.enabled)
      features_.push_back(std::move(feature));
    else
      log_failure(status);
  }
}

std::string bpf_objects::load_maps(const kernel_options& options) {
  libbpf_text.clear();
  auto maps =
      std::make_unique<bpf_feature>("maps", open_object({"maps", shared_maps_bpf::elf_bytes}));
  if (maps->object() == nullptr)
    return reason_of(errno, "open");
  auto* ring = bpf_object__find_map_by_name(maps->object(), "events");
  bpf_map__set_max_entries(ring, ring_size(options));
  if (const auto error = bpf_object__load(maps->object()); error != 0)
    return reason_of(-error, "maps");
  maps_ = std::move(maps);
  return {};
}

std::string bpf_objects::load(bpf_feature& feature, const kernel_config& config,
                              const kernel_btf& types) {
  if (feature.object() == nullptr)
    return reason_of(errno, "open");
  if (auto missing = missing_hook(feature.object(), types); !missing.empty())
    return missing;
  if (const auto error = prepare(feature.object(), config, *this); error != 0)
    return reason_of(error, "maps");
  if (const auto error = bpf_object__load(feature.object()); error != 0)
    return reason_of(-error, "load");
  return feature.attach(map_fd("sockets"));
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

std::vector<bpf_map*> bpf_objects::shared_maps() const {
  std::vector<bpf_map*> result;
  bpf_map* map = nullptr;
  if (maps_)
    bpf_object__for_each_map(map, maps_->object()) result.push_back(map);
  return result;
}

std::vector<feature_status> probe_features(const std::string& cgroup_controller) {
  kernel_options options;
  options.ring_bytes = 64U << 10; // Large enough for every page size.
  options.cgroup_controller = cgroup_controller;
  return bpf_objects{options}.statuses();
}

} // namespace troupe
