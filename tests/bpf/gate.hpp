// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <unistd.h>

#include <array>

namespace troupe {

/// Lets one process wait for another; made before the fork.
class gate {
public:
  gate() { REQUIRE(pipe(ends_.data()) == 0); }
  ~gate() {
    close(ends_[0]);
    close(ends_[1]);
  }
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  void open() const { REQUIRE(write(ends_[1], "g", 1) == 1); }
  void pass() const {
    char go = 0;
    REQUIRE(read(ends_[0], &go, 1) == 1);
  }

private:
  std::array<int, 2> ends_{};
};

} // namespace troupe
