// SPDX-License-Identifier: Apache-2.0
#include "actors/console/output.hpp"

#include <cerrno>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace troupe {

write_result write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
      continue;
    }
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0 && errno == EAGAIN) { // Somebody made our stdout non-blocking.
      pollfd ready{fd, POLLOUT, 0};
      if (::poll(&ready, 1, -1) >= 0 || errno == EINTR)
        continue;
    }
    return errno == EPIPE ? write_result::closed : write_result::failed;
  }
  return write_result::ok;
}

void say(int fd, std::string_view line) {
  std::string text{line};
  if (text.empty() || text.back() != '\n')
    text += '\n';
  static_cast<void>(write_all(fd, text));
}

void complaints::say_new(const std::vector<std::string>& lines) {
  std::set<std::string> now;
  for (const auto& line : lines)
    if (now.insert(line).second && !said_.contains(line))
      say(fd_, "troupe " + command_ + ": " + line);
  said_ = std::move(now);
}

std::optional<unsigned> terminal_width(int fd) {
  winsize size{};
  if (::isatty(fd) == 0 || ::ioctl(fd, TIOCGWINSZ, &size) != 0)
    return std::nullopt;
  return size.ws_col == 0 ? 80U : size.ws_col;
}

} // namespace troupe
