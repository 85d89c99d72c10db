// SPDX-License-Identifier: Apache-2.0

#include "actors/host/cgroup_walk.hpp"
#include "tests/host/temporary_tree.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include <sys/stat.h>

using namespace troupe;

namespace {

uint64_t inode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_ino;
}

std::vector<std::string> paths(const cgroup_listing& listing) {
  std::vector<std::string> result;
  for (const auto& cgroup : listing.cgroups)
    result.push_back(cgroup.path);
  return result;
}

} // namespace

TEST_CASE("cgroup walk: every directory with its inode, parents before children") {
  temporary_tree tree;
  tree.make_directory("/docker/a/init.scope");
  tree.make_directory("/system.slice/nginx.service");
  tree.write("/docker/cgroup.procs", "");
  const auto listing = walk_cgroups({tree.root(), ""});
  CHECK(listing.complete);
  auto found = paths(listing);
  CHECK(found.front() == "/");
  for (size_t i = 0; i < found.size(); ++i) {
    const auto parent = found[i].substr(0, std::max<size_t>(found[i].rfind('/'), 1));
    CHECK(std::find(found.begin(), found.begin() + static_cast<long>(i) + 1, parent)
          != found.begin() + static_cast<long>(i) + 1);
  }
  std::sort(found.begin(), found.end());
  CHECK(found
        == std::vector<std::string>{"/", "/docker", "/docker/a", "/docker/a/init.scope",
                                    "/system.slice", "/system.slice/nginx.service"});
  for (const auto& cgroup : listing.cgroups) {
    CHECK(cgroup.id == inode_of(tree.path(cgroup.path)));
    CHECK_FALSE(cgroup.created);
    CHECK(cgroup.time_ns > 0);
  }
}

TEST_CASE("cgroup walk: links are not followed") {
  temporary_tree tree;
  tree.make_directory("/a");
  std::filesystem::create_directory_symlink("/", tree.path("/a/out"));
  CHECK(paths(walk_cgroups({tree.root(), ""})) == std::vector<std::string>{"/", "/a"});
}

TEST_CASE("cgroup walk: it stops at its bounds and says so") {
  temporary_tree tree;
  for (int i = 0; i < 20; ++i)
    tree.make_directory("/wide/" + std::to_string(i));
  tree.make_directory("/deep/1/2/3/4/5");
  const auto few = walk_cgroups({tree.root(), ""}, {10, 64});
  CHECK(few.cgroups.size() == 10);
  CHECK_FALSE(few.complete);
  const auto flat = walk_cgroups({tree.root(), ""}, {1000, 2});
  CHECK(flat.cgroups.size() == 1 + 2 + 20 + 1);
  CHECK_FALSE(flat.complete);
}

TEST_CASE("cgroup walk: directories that vanish while it reads harm nothing that stays") {
  temporary_tree tree;
  for (int i = 0; i < 50; ++i)
    tree.make_directory("/docker/stays-" + std::to_string(i) + "/init.scope");
  std::atomic<bool> quiet = false;
  std::atomic<int> rounds = 0;
  std::thread storm{[&] {
    for (; !quiet; ++rounds) {
      tree.make_directory("/docker/passing/a/b");
      tree.make_directory("/docker/stays-7/passing");
      std::filesystem::remove_all(tree.path("/docker/passing"));
      std::filesystem::remove_all(tree.path("/docker/stays-7/passing"));
    }
  }};
  int wrong = 0;
  for (int walks = 0; walks < 50 || rounds < 50; ++walks) {
    const auto listing = walk_cgroups({tree.root(), ""});
    const auto found = paths(listing);
    const auto staying = std::count_if(found.begin(), found.end(), [](const std::string& path) {
      return path.find("passing") == std::string::npos;
    });
    wrong += !listing.complete || staying != 2 + 2 * 50;
  }
  quiet = true;
  storm.join();
  CHECK(wrong == 0);
}

TEST_CASE("cgroup walk: without a root there is nothing") {
  const auto listing = walk_cgroups({"/nowhere/at/all", ""});
  CHECK(listing.cgroups.empty());
  CHECK_FALSE(listing.complete);
}

TEST_CASE("cgroup walk: one cgroup is found by its id where file handles do not work") {
  temporary_tree tree;
  tree.make_directory("/docker/a");
  const auto found = find_cgroup({tree.root(), ""}, inode_of(tree.path("/docker/a")));
  REQUIRE(found);
  CHECK(found->path == "/docker/a");
  CHECK_FALSE(find_cgroup({tree.root(), ""}, 1));
}
