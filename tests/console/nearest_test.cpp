// SPDX-License-Identifier: Apache-2.0
#include "actors/console/nearest.hpp"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("edit distance: insert, delete, replace and swap count one each") {
  CHECK(edit_distance("list", "list") == 0);
  CHECK(edit_distance("lst", "list") == 1);
  CHECK(edit_distance("lists", "list") == 1);
  CHECK(edit_distance("lost", "list") == 1);
  CHECK(edit_distance("lsit", "list") == 1);
  CHECK(edit_distance("", "list") == 4);
}

TEST_CASE("nearest: misspellings come before texts that only contain it") {
  const std::vector<std::string> names{"web-frontend", "web", "database", "wbe"};
  CHECK(nearest("wed", names) == std::vector<std::string>{"web"});
  CHECK(nearest("web", names) == std::vector<std::string>{"web", "wbe", "web-frontend"});
  CHECK(nearest("nothing-like-it", names).empty());
  CHECK(nearest("", names).empty());
}

TEST_CASE("nearest: very long texts are compared in bounded time") {
  const std::string a(1'000'000, 'a');
  const std::string b(1'000'000, 'b');
  CHECK(nearest(a, {b}).empty());
}

TEST_CASE("did you mean: one suggestion, or nothing") {
  CHECK(did_you_mean("lst", {"list", "trace"}) == "; did you mean 'list'?");
  CHECK(did_you_mean("xyz", {"list", "trace"}).empty());
}
