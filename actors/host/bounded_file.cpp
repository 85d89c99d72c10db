// SPDX-License-Identifier: Apache-2.0

#include "actors/host/bounded_file.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {

std::optional<std::string> read_bounded(const std::string& path, size_t max_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return {};
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(fd);
    return {};
  }
  std::string text;
  constexpr size_t step = 16384; // procfs says 0 as its files' size, so read until the end.
  while (text.size() < max_bytes) {
    const auto before = text.size();
    text.resize(std::min(before + step, max_bytes));
    const auto got = read(fd, text.data() + before, text.size() - before);
    if (got < 0 && errno == EINTR) {
      text.resize(before);
      continue;
    }
    text.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got <= 0)
      break;
  }
  close(fd);
  return text;
}

} // namespace troupe
