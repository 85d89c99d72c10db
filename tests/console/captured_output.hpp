// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/console/output.hpp"

#include <string>

namespace troupe {

/// A descriptor in memory, to write to and to read from afterwards.
class captured_descriptor {
public:
  captured_descriptor();
  ~captured_descriptor();
  captured_descriptor(const captured_descriptor&) = delete;
  captured_descriptor& operator=(const captured_descriptor&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::string text() const;

private:
  int fd_;
};

struct captured_output {
  captured_descriptor out;
  captured_descriptor err;

  [[nodiscard]] output_streams streams() const { return {out.fd(), err.fd()}; }
};

} // namespace troupe
