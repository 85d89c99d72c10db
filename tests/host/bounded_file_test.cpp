// SPDX-License-Identifier: Apache-2.0

#include "actors/host/bounded_file.hpp"
#include "tests/host/temporary_tree.hpp"

#include <sys/stat.h>

using namespace troupe;

TEST_CASE("bounded file: what is over the bound is not read") {
  temporary_tree tree;
  tree.write("/large", std::string(100'000, 'x'));
  CHECK(read_bounded(tree.path("/large"), 1000)->size() == 1000);
  CHECK(read_bounded(tree.path("/large"), 200'000)->size() == 100'000);
}

TEST_CASE("bounded file: a file of procfs says size 0 and is read all the same") {
  CHECK(read_bounded("/proc/self/stat", 4096)->size() > 10);
}

TEST_CASE("bounded file: what is no file is not opened for long") {
  temporary_tree tree;
  CHECK_FALSE(read_bounded(tree.path("/missing"), 10));
  CHECK_FALSE(read_bounded(tree.root(), 10));
  REQUIRE(mkfifo(tree.path("/pipe").c_str(), 0600) == 0);
  CHECK_FALSE(read_bounded(tree.path("/pipe"), 10));
}
