// SPDX-License-Identifier: Apache-2.0

#include "actors/host/namespace_list.hpp"
#include "tests/host/temporary_tree.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace troupe;

TEST_CASE("namespaces: by kind; a link of another form is none") {
  temporary_tree tree;
  tree.make_directory("/proc/7/ns");
  const auto link = [&](const char* kind, const char* target) {
    REQUIRE(symlink(target, tree.path("/proc/7/ns/" + std::string{kind}).c_str()) == 0);
  };
  link("net", "net:[4026531840]");
  link("pid", "net:[4026531836]");
  link("mnt", "mnt:[]");
  link("uts", "uts:[12");
  CHECK(read_namespaces(tree.root(), 7) == namespace_set{{"net", 4026531840}});
  CHECK(read_namespaces(tree.root(), 8).empty());
}

TEST_CASE("namespaces: our own are what the files say") {
  const auto own = read_namespaces("", uint32_t(getpid()));
  struct stat status {};
  REQUIRE(stat("/proc/self/ns/net", &status) == 0);
  REQUIRE(own.contains("net"));
  CHECK(own.at("net") == status.st_ino);
  CHECK(own.size() == 8);
}

TEST_CASE("namespaces: the machine's own where its first process may not be read") {
  temporary_tree tree;
  tree.make_directory("/proc/1/ns");
  REQUIRE(symlink("net:[4026531840]", tree.path("/proc/1/ns/net").c_str()) == 0);
  const auto host = read_host_namespaces(tree.root());
  CHECK(host.size() == 8);
  CHECK(host.at("net") == 4026531840);
  CHECK(host.at("user") == 4026531837);
  CHECK(host.at("uts") == 4026531838);
}

TEST_CASE("namespaces: who shares which") {
  const namespace_set own{{"net", 1}, {"pid", 2}, {"uts", 3}};
  const std::vector<namespace_user> others{
      {"the host", {{"net", 9}, {"pid", 9}, {"uts", 3}}},
      {"/docker/proxy", {{"net", 1}, {"pid", 8}, {"uts", 3}}},
      {"/docker/nothing known", {}},
  };
  CHECK(shared_namespaces(own, others)
        == std::vector<namespace_use>{{"net", 1, {"/docker/proxy"}},
                                      {"pid", 2, {}},
                                      {"uts", 3, {"the host", "/docker/proxy"}}});
}
