// SPDX-License-Identifier: Apache-2.0
#include "actors/console/second_screen.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

namespace troupe {

size_t terminal_height(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

second_screen::second_screen(int fd) : fd_(fd) {
  static_cast<void>(write_all(fd_, "\x1b[?1049h\x1b[?25l"));
}

second_screen::~second_screen() {
  static_cast<void>(write_all(fd_, "\x1b[?25h\x1b[?1049l"));
}

write_result second_screen::show(std::string_view text) const {
  return write_all(fd_, fmt::format("\x1b[H\x1b[2J{}", text));
}

} // namespace troupe
