// SPDX-License-Identifier: Apache-2.0
#include "tests/console/captured_output.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace troupe {

captured_descriptor::captured_descriptor() : fd_(::memfd_create("captured", MFD_CLOEXEC)) {}

captured_descriptor::~captured_descriptor() {
  ::close(fd_);
}

std::string captured_descriptor::text() const {
  std::string text(static_cast<size_t>(::lseek(fd_, 0, SEEK_END)), '\0');
  const auto size = ::pread(fd_, text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return text;
}

} // namespace troupe
