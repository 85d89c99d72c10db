// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Where a command writes: data to `out`, talk to `err`. Descriptors rather than streams, because a
/// closed pipe and the width of a terminal matter.
struct output_streams {
  int out = 1;
  int err = 2;
};

/// What became of a write: all of it is written, nobody reads any more (EPIPE), or it failed (a
/// full disk).
enum class write_result { ok, closed, failed };

/// Writes all of `text`; waits while a pipe or terminal is slow. SIGPIPE must be ignored.
write_result write_all(int fd, std::string_view text);

/// Writes a line of talk; whether anybody reads it does not matter.
void say(int fd, std::string_view line);

/// Talk of what is wrong for a while: says each line once, until it is no longer so.
class complaints {
public:
  /// `command` stands before each line: "list".
  complaints(int fd, std::string_view command) : fd_(fd), command_(command) {}

  /// All that is wrong now.
  void say_new(const std::vector<std::string>& lines);

private:
  int fd_;
  std::string command_;
  std::set<std::string> said_;
};

/// Columns of the terminal behind `fd`; nothing when it is no terminal: then nothing is cut.
[[nodiscard]] std::optional<unsigned> terminal_width(int fd);

} // namespace troupe
