// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/bundle_search.hpp"

#include "actors/host/bounded_file.hpp"
#include "actors/host/process_list.hpp"
#include "actors/host/text_parts.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"
#include "actors/runtime_metadata/runtime_client.hpp"

#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace troupe {
namespace {

namespace fs = std::filesystem;

// containerd's own state, and that of those who bring one along. Elsewhere the shims show the way.
constexpr std::array<std::string_view, 5> state_folders{
    "/run/containerd",
    "/run/docker/containerd/daemon",
    "/run/k3s/containerd",
    "/run/k0s/containerd",
    "/var/snap/microk8s/common/run/containerd",
};
constexpr std::string_view task_folder = "/io.containerd.runtime.v2.task";
constexpr size_t monitors_max = 4096;
constexpr size_t comm_bytes = 64;
constexpr size_t status_bytes = 16U << 10;

class bundle_search {
public:
  explicit bundle_search(const std::string& host_root) : root_(host_root) {}

  std::vector<found_bundle> run() {
    for (auto folder : state_folders)
      look_into_state(root_ + std::string{folder} + std::string{task_folder});
    look_at_processes();
    return std::move(found_);
  }

private:
  // Calls `visit(name)` for what stands in the folder and may be an id.
  template <class Visit>
  static void for_each_entry(const std::string& folder, Visit visit) {
    std::error_code error;
    size_t count = 0;
    for (fs::directory_iterator i{folder, error}, end; !error && i != end; i.increment(error))
      if (const auto name = i->path().filename().string(); plausible_id(name)) {
        visit(name);
        if (++count >= runtime_bounds::containers)
          return;
      }
  }

  void look_into_state(const std::string& folder) {
    for_each_entry(folder, [&](const std::string& name_space) {
      look_into_namespace(folder + '/' + name_space, name_space, root_, {});
    });
  }

  void look_into_namespace(const std::string& folder, const std::string& name_space,
                           const std::string& root, const monitor_claim& shim) {
    for_each_entry(folder, [&](const std::string& id) {
      add(in_folder(folder, name_space, id, root, shim, 0));
    });
  }

  static found_bundle in_folder(const std::string& folder, const std::string& name_space,
                                const std::string& id, const std::string& root,
                                const monitor_claim& shim, uint32_t monitor_pid) {
    found_bundle bundle;
    bundle.folder = folder + '/' + id;
    bundle.pid_file = bundle.folder + "/init.pid";
    bundle.root = root;
    bundle.monitor_pid = monitor_pid;
    bundle.claim.runtime =
        name_space == moby_namespace ? runtime_kind::docker : runtime_kind::containerd;
    bundle.claim.id = id;
    bundle.claim.name_space = name_space;
    bundle.claim.oci_runtime = id == shim.id ? shim.oci_runtime : shim_binary(bundle.folder);
    return bundle;
  }

  static std::string shim_binary(const std::string& folder) {
    const auto path = read_bounded(folder + "/shim-binary-path", runtime_bounds::text_bytes);
    return path ? runtime_of_shim(*path) : std::string{};
  }

  void look_at_processes() {
    std::error_code error;
    size_t monitors = 0;
    const auto proc = root_ + "/proc";
    for (fs::directory_iterator i{proc, error}, end; !error && i != end && monitors < monitors_max;
         i.increment(error)) {
      const auto pid = parse_unsigned(i->path().filename().string());
      if (!pid || *pid > UINT32_MAX)
        continue;
      auto comm = read_bounded(i->path().string() + "/comm", comm_bytes);
      if (!comm || comm->empty())
        continue;
      comm->pop_back(); // its line's end
      if (may_be_monitor(*comm)) {
        ++monitors;
        look_at_monitor(static_cast<uint32_t>(*pid), i->path().string());
      }
    }
  }

  void look_at_monitor(uint32_t pid, const std::string& folder) {
    // A process in a container may call itself what it likes.
    const auto status = read_bounded(folder + "/status", status_bytes);
    if (!status || !is_hosts_process(*status))
      return;
    const auto process = read_process(root_, pid, {});
    auto claim = process ? parse_monitor(process->arguments) : std::nullopt;
    if (!claim)
      return;
    // These work whatever mount namespace the monitor lives in.
    if (claim->runtime == runtime_kind::containerd)
      look_beside_shim(*claim, *process, folder);
    else
      add_watched(std::move(*claim), pid, folder + "/root");
  }

  // A shim works in the bundle of its first container. Others of its namespace, which may be its
  // own, too, lie beside it.
  void look_beside_shim(const monitor_claim& shim, const process_info& process,
                        const std::string& process_folder) {
    const auto siblings = process_folder + "/cwd/..";
    std::error_code error;
    if (!fs::exists(siblings + '/' + shim.id + "/config.json", error))
      return;
    const auto root = process_folder + "/root";
    if (process.user != 0) { // Any user may run a shim, but vouches for its own child only.
      add(in_folder(siblings, shim.name_space, shim.id, root, shim, process.id.pid));
      return;
    }
    struct stat folder {};
    if (::stat(siblings.c_str(), &folder) == 0
        && shim_folders_.emplace(folder.st_dev, folder.st_ino).second)
      look_into_namespace(siblings, shim.name_space, root, shim);
  }

  void add_watched(monitor_claim claim, uint32_t pid, const std::string& root) {
    found_bundle bundle;
    bundle.folder = root + claim.bundle;
    bundle.pid_file = root + claim.pid_file;
    bundle.root = root;
    bundle.monitor_pid = pid;
    bundle.claim = std::move(claim);
    add(std::move(bundle));
  }

  void add(found_bundle bundle) {
    if (found_.size() < runtime_bounds::containers
        && known_.emplace(bundle.claim.name_space, bundle.claim.id).second)
      found_.push_back(std::move(bundle));
  }

  const std::string& root_;
  std::vector<found_bundle> found_;
  std::set<std::pair<std::string, std::string>> known_; ///< namespace and id
  std::set<std::pair<dev_t, ino_t>> shim_folders_;      ///< looked into
};

} // namespace

std::vector<found_bundle> find_bundles(const std::string& host_root) {
  return bundle_search{host_root}.run();
}

} // namespace troupe
