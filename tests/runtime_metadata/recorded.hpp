// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace troupe {

/// What a real runtime answered; see tests/data/runtime_metadata.
inline std::string recorded(const std::string& name) {
  std::ifstream file{std::string{TROUPE_TEST_DATA} + "/runtime_metadata/" + name};
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace troupe
