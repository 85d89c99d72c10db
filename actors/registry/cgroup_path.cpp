// SPDX-License-Identifier: Apache-2.0

#include "actors/registry/cgroup_path.hpp"

#include "actors/registry/path_forms.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

namespace {

constexpr size_t path_bytes_max = 4096; // PATH_MAX: no file can be opened by a longer one.
constexpr size_t segments_max = 64;

/// How runtimes name a container's scope (or with cgroupfs its directory): prefix and 64 digits.
struct scope_form {
  std::string_view prefix;
  runtime_kind runtime;
  bool monitor; ///< conmon: it waits beside the container, it is not in it
};

constexpr std::array scope_forms{
    scope_form{"crio-conmon-", runtime_kind::crio, true},
    scope_form{"libpod-conmon-", runtime_kind::podman, true},
    scope_form{"cri-containerd-", runtime_kind::containerd, false},
    scope_form{"nerdctl-", runtime_kind::containerd, false},
    scope_form{"docker-", runtime_kind::docker, false},
    scope_form{"crio-", runtime_kind::crio, false},
    scope_form{"libpod-payload-", runtime_kind::podman, false}, // podman run --cgroups=split
    scope_form{"libpod-", runtime_kind::podman, false},
};

/// First segments that are somebody's, so that /<first>/<second> is not a containerd namespace.
constexpr std::array<std::string_view, 20> taken_names{
    "docker",  "kubepods", "kubelet", "lxc",   "lxc.payload", "lxc.monitor",   "lxc.pivot",
    "garden",  "ecs",      "system",  "init",  "podruntime",  "libpod_parent", "user",
    "machine", "nomad",    "mesos",   "slurm", "openrc",      "elogind"};

/// Reads a path segment by segment; each rule may say that a segment is its.
class path_reader {
public:
  explicit path_reader(std::vector<std::string_view> segments) : segments_(std::move(segments)) {}

  cgroup_identity read();

private:
  using rule = bool (path_reader::*)(std::string_view);

  [[nodiscard]] std::string_view before(size_t distance = 1) const {
    return at_ < distance ? std::string_view{} : segments_[at_ - distance];
  }
  [[nodiscard]] bool in_container() const { return found_.kind == cgroup_kind::container; }

  bool container(runtime_kind runtime, std::string_view id, std::string_view name_space = {});
  bool monitor(runtime_kind runtime);

  bool pod(std::string_view segment);
  bool scope(std::string_view segment);
  bool mismatched_driver(std::string_view segment);
  bool named_parent(std::string_view segment);
  bool podman_pod(std::string_view segment);
  bool lxc(std::string_view segment);
  bool machine(std::string_view segment);
  bool lone_id(std::string_view segment);
  bool plain_containerd(std::string_view segment);
  bool talos(std::string_view segment);
  bool service(std::string_view segment);
  bool session(std::string_view segment);

  std::vector<std::string_view> segments_;
  size_t at_ = 0;
  cgroup_identity found_;
  std::string pod_uid_;
  bool in_kubepods_ = false; ///< below the kubelet's tree, where a container needs a pod
  bool is_monitor_ = false;
};

cgroup_identity path_reader::read() {
  // Order matters where two rules know a form: the more special one comes first.
  constexpr std::array<rule, 12> rules{
      &path_reader::pod,     &path_reader::scope,        &path_reader::mismatched_driver,
      &path_reader::lxc,     &path_reader::named_parent, &path_reader::podman_pod,
      &path_reader::machine, &path_reader::lone_id,      &path_reader::plain_containerd,
      &path_reader::talos,   &path_reader::service,      &path_reader::session};
  if (segments_.empty() || (segments_.size() == 1 && segments_[0] == "init.scope")
      || segments_[0] == "init") { // Talos' machined
    found_.kind = cgroup_kind::host;
    return found_;
  }
  for (at_ = 0; at_ < segments_.size() && !is_monitor_; ++at_)
    for (auto applies : rules)
      if ((this->*applies)(segments_[at_]))
        break;
  return found_;
}

bool path_reader::container(runtime_kind runtime, std::string_view id,
                            std::string_view name_space) {
  // A pod that contains a docker-in-docker is not the inner container's pod.
  const auto pod_uid = in_container() ? std::string{} : pod_uid_;
  found_ = {cgroup_kind::container, runtime, std::string{id}, pod_uid, std::string{name_space}};
  in_kubepods_ = false;
  pod_uid_.clear();
  return true;
}

bool path_reader::monitor(runtime_kind runtime) {
  found_ = {cgroup_kind::ignore, runtime, {}, pod_uid_, {}};
  is_monitor_ = true;
  return true;
}

/// cgroupfs: kubepods/burstable/pod<uid>. systemd: …kubepods-burstable-pod<uid>.slice, where the
/// uid's dashes are underscores, because a dash in a slice's name means "below".
bool path_reader::pod(std::string_view segment) {
  if (segment == "kubepods" || segment == "kubepods.slice"
      || segment.ends_with("-kubepods.slice")) {
    in_kubepods_ = true;
    return true;
  }
  if (!in_kubepods_)
    return false;
  auto uid = pod_uid_of(segment);
  if (uid.empty())
    return false;
  pod_uid_ = std::move(uid);
  found_ = {cgroup_kind::pod, runtime_kind::unknown, {}, pod_uid_, {}};
  return true;
}

bool path_reader::scope(std::string_view segment) {
  if (segment.ends_with(".scope"))
    segment.remove_suffix(6);
  for (const auto& form : scope_forms) {
    if (!segment.starts_with(form.prefix))
      continue;
    const auto id = segment.substr(form.prefix.size());
    if (!is_long_id(id))
      continue;
    if (form.monitor)
      return monitor(form.runtime);
    // The CRI plugin has all its containers in this namespace.
    return container(form.runtime, id, form.prefix == "cri-containerd-" ? "k8s.io" : "");
  }
  return false;
}

/// A runtime with the cgroupfs driver that was told a parent for the systemd driver makes one
/// directory of what systemd would take as three parts: <slice>:<prefix>:<id>.
bool path_reader::mismatched_driver(std::string_view segment) {
  const auto id_at = segment.rfind(':');
  if (id_at == segment.npos || id_at == 0)
    return false;
  const auto prefix_at = segment.rfind(':', id_at - 1);
  if (prefix_at == segment.npos)
    return false;
  const auto slice = segment.substr(0, prefix_at);
  const auto prefix = segment.substr(prefix_at + 1, id_at - prefix_at - 1);
  if (slice.find("kubepods") != slice.npos)
    if (auto uid = pod_uid_of(slice); !uid.empty() && !in_container())
      pod_uid_ = std::move(uid);
  return scope(std::string{prefix} + "-" + std::string{segment.substr(id_at + 1)});
}

/// <parent>/<id>, wherever the parent is.
bool path_reader::named_parent(std::string_view segment) {
  const auto parent = before();
  if (parent == "docker" && is_long_id(segment))
    return container(runtime_kind::docker, segment);
  if (at_ >= 2 && segments_[0] == "ecs" && is_long_id(segment) && !in_container())
    return container(runtime_kind::docker, segment); // Amazon ECS: /ecs/<task>/<id>
  if (parent == "garden" && !in_container() && is_plain_name(segment))
    return container(runtime_kind::garden, segment);
  if (pod_uid_.empty() || !is_long_id(segment) || found_.kind != cgroup_kind::pod)
    return false;
  return container(runtime_kind::kubernetes, segment);
}

bool path_reader::podman_pod(std::string_view segment) {
  const auto slice_at = segment.find("-libpod_pod_");
  const bool slice = slice_at != segment.npos && segment.ends_with(".slice")
                     && is_long_id(segment.substr(slice_at + 12, segment.size() - slice_at - 18));
  const bool directory = before() == "libpod_parent" && is_long_id(segment);
  if (!slice && !directory)
    return false;
  found_ = {cgroup_kind::pod, runtime_kind::podman, {}, {}, {}};
  return true;
}

/// liblxc >= 4: lxc.payload.<name> and lxc.monitor.<name>; before that lxc.payload/<name> and
/// lxc.monitor/<name>; in 2 and 3, and in Proxmox, lxc/<name>.
bool path_reader::lxc(std::string_view segment) {
  constexpr std::string_view payload = "lxc.payload.";
  if (segment.starts_with("lxc.monitor") || segment.starts_with("lxc.pivot"))
    return monitor(runtime_kind::lxc);
  if (segment.starts_with(payload) && is_plain_name(segment.substr(payload.size())))
    return container(runtime_kind::lxc, segment.substr(payload.size()));
  const bool below_top = at_ == 1 || in_container();
  if (before() == "lxc.payload" || (before() == "lxc" && below_top))
    return is_plain_name(segment) && container(runtime_kind::lxc, segment);
  return false;
}

/// systemd-nspawn, from its unit or registered with machined. nspawn itself sits in "supervisor",
/// the machine in "payload".
bool path_reader::machine(std::string_view segment) {
  if (in_container() && found_.runtime == runtime_kind::nspawn && segment == "supervisor")
    return monitor(runtime_kind::nspawn);
  constexpr std::string_view unit = "systemd-nspawn@";
  constexpr std::string_view scope_prefix = "machine-";
  std::string name;
  if (segment.starts_with(unit) && segment.ends_with(".service"))
    name = unit_unescaped(segment.substr(unit.size(), segment.size() - unit.size() - 8));
  else if (before() == "machine.slice" && segment.starts_with(scope_prefix)
           && segment.ends_with(".scope"))
    name = unit_unescaped(
        segment.substr(scope_prefix.size(), segment.size() - scope_prefix.size() - 6));
  // libvirt registers its virtual machines in the same way.
  if (!is_plain_name(name) || name.starts_with("qemu-"))
    return false;
  return container(runtime_kind::nspawn, name);
}

/// Made by docker or CRI-O with a cgroup parent that somebody chose: the path does not say who. A
/// container's own subdirectories do not count: it could give itself any id.
bool path_reader::lone_id(std::string_view segment) {
  if (in_container() || in_kubepods_ || !is_long_id(segment) || before() == "libpod_parent")
    return false;
  if (at_ == 1 && is_known_containerd_namespace(before()))
    return container(runtime_kind::containerd, segment, before());
  return container(runtime_kind::unknown, segment);
}

/// containerd with the cgroupfs driver, where the client (ctr, nerdctl) sets no path of its own:
/// /<namespace>/<id>.
bool path_reader::plain_containerd(std::string_view segment) {
  if (at_ != 1 || in_kubepods_ || !is_containerd_name(before()) || !is_containerd_name(segment))
    return false;
  if (is_unit_name(before()) || is_unit_name(segment)
      || std::find(taken_names.begin(), taken_names.end(), before()) != taken_names.end())
    return false;
  return container(runtime_kind::containerd, segment, before());
}

/// Talos runs its own services as containers of itself: /system/<name>, /podruntime/<name>.
bool path_reader::talos(std::string_view segment) {
  if (at_ != 1 || (before() != "system" && before() != "podruntime") || !is_plain_name(segment))
    return false;
  found_ = {cgroup_kind::service, runtime_kind::talos, std::string{segment}, {}, {}};
  return true;
}

/// A unit below slices only. What it makes below itself (a daemon with Delegate=) is still it.
bool path_reader::service(std::string_view segment) {
  if (found_.kind != cgroup_kind::ignore || !segment.ends_with(".service") || segment == ".service"
      || segments_[0] == "user.slice")
    return false;
  std::string id;
  for (size_t i = 0; i < at_; ++i) {
    if (!segments_[i].ends_with(".slice"))
      return false;
    id.append("/").append(segments_[i]);
  }
  id.append("/").append(segment);
  found_ = {cgroup_kind::service, runtime_kind::systemd, std::move(id), {}, {}};
  return true;
}

/// A user's slice: all logins, and what the user's own systemd runs, are in it.
bool path_reader::session(std::string_view segment) {
  if (found_.kind != cgroup_kind::ignore || segments_[0] != "user.slice" || at_ != 1
      || !segment.starts_with("user-") || !segment.ends_with(".slice"))
    return false;
  found_ = {
      cgroup_kind::session, runtime_kind::systemd, "/user.slice/" + std::string{segment}, {}, {}};
  return true;
}

/// The segments of a path; empty optional when it is none that we trust.
std::optional<std::vector<std::string_view>> split_path(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.size() > path_bytes_max || has_control(path))
    return {};
  std::vector<std::string_view> segments;
  if (path == "/")
    return segments;
  path.remove_prefix(1);
  while (true) {
    const auto end = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, end);
    if (segment.empty() || segment == "." || segment == ".." || segments.size() == segments_max)
      return {};
    segments.push_back(segment);
    if (end == path.size())
      return segments;
    path.remove_prefix(end + 1);
  }
}

} // namespace

cgroup_identity parse_cgroup_path(std::string_view path) {
  auto segments = split_path(path);
  if (!segments)
    return {};
  return path_reader{std::move(*segments)}.read();
}

} // namespace troupe
