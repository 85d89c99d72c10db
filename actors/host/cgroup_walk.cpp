// SPDX-License-Identifier: Apache-2.0

#include "actors/host/cgroup_walk.hpp"

#include "actors/host/boot_clock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {

namespace {

struct directory_to_read {
  std::string path; ///< relative to the root, "" for the root itself
  size_t depth = 0;
};

/// Calls found(name, status) for every directory below. Names of the kernel's own files never are
/// directories, so whatever is one is a cgroup.
template <class Found>
bool each_directory(const std::string& path, Found found) {
  // The handle is closed on every way out; not followed, so that a link cannot lead elsewhere.
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return false;
  DIR* directory = fdopendir(fd);
  if (directory == nullptr) {
    close(fd);
    return false;
  }
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
      continue;
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0)
      continue;
    struct stat status {};
    if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)
        && !found(entry->d_name, status))
      break;
  }
  closedir(directory);
  return true;
}

/// kernfs makes a file handle of nothing but its 64-bit id (FILEID_KERNFS in
/// include/linux/exportfs.h, since v5.5), so an id can be opened without a walk.
std::optional<std::string> path_by_handle(const std::string& mount, cgroup_id id) {
  constexpr int fileid_kernfs = 0xfe;
  alignas(file_handle) std::array<char, sizeof(file_handle) + sizeof(id)> storage{};
  auto* handle = reinterpret_cast<file_handle*>(storage.data());
  handle->handle_bytes = sizeof(id);
  handle->handle_type = fileid_kernfs;
  std::memcpy(handle->f_handle, &id, sizeof(id));

  const int root = open(mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0)
    return {};
  const int fd = open_by_handle_at(root, handle, O_PATH | O_CLOEXEC);
  close(root);
  if (fd < 0)
    return {};
  std::array<char, 4096> text{};
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  const auto size = readlink(link.c_str(), text.data(), text.size());
  struct stat status {};
  const bool same = fstat(fd, &status) == 0 && status.st_ino == id && S_ISDIR(status.st_mode);
  close(fd);
  if (!same || size <= 0 || static_cast<size_t>(size) == text.size())
    return {};
  const std::string path{text.data(), static_cast<size_t>(size)};
  if (path == mount)
    return "/";
  // Another prefix: the mount was named through a link, and the walk has to find it.
  if (path.compare(0, mount.size() + 1, mount + "/") != 0 || path.ends_with(" (deleted)"))
    return {};
  return path.substr(mount.size());
}

} // namespace

cgroup_listing walk_cgroups(const cgroup_hierarchy& hierarchy, const walk_bounds& bounds) {
  cgroup_listing result;
  auto& cgroups = result.cgroups;
  const auto now = boot_time_now_ns();
  struct stat root {};
  result.complete = false;
  if (stat(hierarchy.mount.c_str(), &root) != 0 || !S_ISDIR(root.st_mode))
    return result;
  result.complete = true;
  cgroups.push_back({root.st_ino, "/", now, false});
  std::deque<directory_to_read> pending{{"", 0}};
  while (!pending.empty()) {
    const auto current = std::move(pending.front());
    pending.pop_front();
    if (current.depth == bounds.depth) {
      result.complete = false;
      continue;
    }
    // One that cannot be opened was removed since its parent was read.
    each_directory(hierarchy.mount + current.path,
                   [&](const char* name, const struct stat& status) {
                     if (status.st_dev != root.st_dev) // Something else is mounted there.
                       return true;
                     if (cgroups.size() >= bounds.cgroups) {
                       result.complete = false;
                       return false;
                     }
                     auto path = current.path + "/" + name;
                     cgroups.push_back({status.st_ino, path, now, false});
                     pending.push_back({std::move(path), current.depth + 1});
                     return true;
                   });
  }
  return result;
}

std::optional<cgroup_found> find_cgroup(const cgroup_hierarchy& hierarchy, cgroup_id id) {
  if (auto path = path_by_handle(hierarchy.mount, id))
    return cgroup_found{id, std::move(*path), boot_time_now_ns(), false};
  auto walked = walk_cgroups(hierarchy);
  for (auto& cgroup : walked.cgroups)
    if (cgroup.id == id)
      return std::move(cgroup);
  return {};
}

} // namespace troupe
