// SPDX-License-Identifier: Apache-2.0

// On this machine's own cgroupfs: needs root, to make cgroups.

#include "actors/host/cgroup_walk.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

using namespace troupe;

namespace {

/// A cgroup with one below it, gone at the end.
struct own_cgroup {
  explicit own_cgroup(const std::string& mount) : root(mount) {
    name = "/troupe-test-" + std::to_string(getpid());
    std::filesystem::create_directories(root + name + "/child");
  }
  ~own_cgroup() { remove(); }
  void remove() const {
    rmdir((root + name + "/child").c_str());
    rmdir((root + name).c_str());
  }
  uint64_t id(const std::string& below) const {
    struct stat status {};
    REQUIRE(stat((root + name + below).c_str(), &status) == 0);
    return status.st_ino;
  }

  std::string root;
  std::string name;
};

} // namespace

TEST_CASE("cgroupfs: this machine's hierarchy is found, walked, and searched by id") {
  const auto hierarchy = find_cgroup_hierarchy("", "");
  REQUIRE(hierarchy);
  const own_cgroup own{hierarchy->mount};
  const auto id = own.id("/child");

  const auto listing = walk_cgroups(*hierarchy);
  CHECK(listing.complete);
  const auto in_walk = std::find_if(listing.cgroups.begin(), listing.cgroups.end(),
                                    [&](const cgroup_found& x) { return x.id == id; });
  REQUIRE(in_walk != listing.cgroups.end());
  CHECK(in_walk->path == own.name + "/child");

  const auto found = find_cgroup(*hierarchy, id);
  REQUIRE(found);
  CHECK(found->path == own.name + "/child");
  const auto root = find_cgroup(*hierarchy, listing.cgroups.front().id);
  REQUIRE(root);
  CHECK(root->path == "/");

  own.remove();
  CHECK_FALSE(find_cgroup(*hierarchy, id));
}
