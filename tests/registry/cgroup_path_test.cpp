// SPDX-License-Identifier: Apache-2.0

#include "actors/registry/cgroup_path.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

using namespace troupe;

namespace {

const std::string long_id(64, 'a');
const std::string docker_path = "/docker/" + long_id;

std::vector<std::string> columns(const std::string& line) {
  std::vector<std::string> result{""};
  for (char c : line)
    if (c == '\t')
      result.emplace_back();
    else
      result.back() += c;
  return result;
}

} // namespace

TEST_CASE("cgroup path: every row of the table is understood") {
  std::ifstream table{TROUPE_TEST_DATA "/cgroup_paths.tsv"};
  REQUIRE(table);
  size_t rows = 0;
  for (std::string line; std::getline(table, line);) {
    auto row = columns(line);
    if (line.starts_with("#") || row[0] == "path")
      continue;
    row.resize(6);
    CAPTURE(row[0]);
    CAPTURE(row[5]);
    const auto result = parse_cgroup_path(row[0]);
    CHECK(to_string(result.kind) == row[1]);
    CHECK(to_string(result.runtime) == (row[2].empty() ? "unknown" : row[2]));
    CHECK(result.id == row[3]);
    CHECK(result.pod_uid == row[4]);
    ++rows;
  }
  CHECK(rows >= 100);
}

TEST_CASE("cgroup path: containerd's namespace is told where the path shows it") {
  CHECK(parse_cgroup_path("/default/web").name_space == "default");
  CHECK(parse_cgroup_path("/prod/" + long_id).name_space == "");
  CHECK(parse_cgroup_path("/k8s.io/" + long_id).name_space == "k8s.io");
  CHECK(parse_cgroup_path("/system.slice/nerdctl-" + long_id + ".scope").name_space == "");
  CHECK(parse_cgroup_path("/a.slice/cri-containerd-" + long_id + ".scope").name_space == "k8s.io");
}

TEST_CASE("cgroup path: a path of 64 kB makes no id") {
  CHECK(parse_cgroup_path("/" + std::string(65536, 'a')) == cgroup_identity{});
  CHECK(parse_cgroup_path("/" + std::string(65536, 'a') + docker_path) == cgroup_identity{});
  CHECK(parse_cgroup_path(docker_path + "/" + std::string(65536, 'a')) == cgroup_identity{});
  std::string deep;
  while (deep.size() < 65536)
    deep += "/a";
  CHECK(parse_cgroup_path(deep + docker_path) == cgroup_identity{});
}

TEST_CASE("cgroup path: more segments than anybody nests make no id") {
  std::string deep;
  for (int i = 0; i < 100; ++i)
    deep += "/a";
  CHECK(parse_cgroup_path(deep + docker_path) == cgroup_identity{});
}

TEST_CASE("cgroup path: control bytes anywhere make no id") {
  for (int c = 0; c < 0x20; ++c) {
    const std::string byte(1, static_cast<char>(c));
    CHECK(parse_cgroup_path(docker_path + "/x" + byte) == cgroup_identity{});
    CHECK(parse_cgroup_path("/system.slice/a" + byte + ".service") == cgroup_identity{});
  }
  CHECK(parse_cgroup_path("/system.slice/a\x7f.service") == cgroup_identity{});
}

TEST_CASE("cgroup path: nothing is nothing") {
  CHECK(parse_cgroup_path("") == cgroup_identity{});
  CHECK(parse_cgroup_path("//") == cgroup_identity{});
  CHECK(parse_cgroup_path("/.service").kind == cgroup_kind::ignore);
}
