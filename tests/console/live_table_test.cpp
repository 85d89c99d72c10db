// SPDX-License-Identifier: Apache-2.0
#include "actors/console/live_table.hpp"
#include "tests/console/captured_output.hpp"

#include <doctest/doctest.h>

#include <pty.h>
#include <unistd.h>

#include <array>
#include <limits>

using namespace troupe;

namespace {

/// A terminal of 60 columns and 12 lines, and the other end of it.
struct pseudo_terminal {
  pseudo_terminal() {
    const winsize size{12, 60, 0, 0};
    REQUIRE(::openpty(&other_end, &fd, nullptr, nullptr, &size) == 0);
  }
  ~pseudo_terminal() {
    ::close(fd);
    ::close(other_end);
  }
  pseudo_terminal(const pseudo_terminal&) = delete;
  pseudo_terminal& operator=(const pseudo_terminal&) = delete;

  /// What was written to it so far; something was.
  [[nodiscard]] std::string text() const {
    std::array<char, 4096> bytes{};
    const auto size = ::read(other_end, bytes.data(), bytes.size());
    REQUIRE(size > 0);
    return {bytes.data(), static_cast<size_t>(size)};
  }

  int fd = -1;
  int other_end = -1;
};

} // namespace

TEST_CASE("live table: without a terminal tables follow each other, whole") {
  const captured_output output;
  live_table x{output.out.fd(), true};
  CHECK_FALSE(x.terminal());
  CHECK(x.rows_max() == std::numeric_limits<size_t>::max());
  x.begin();
  CHECK(x.show("one\n") == write_result::ok);
  CHECK(x.show("two\n") == write_result::ok);
  CHECK(x.end(write_result::ok) == write_result::ok);
  CHECK(output.out.text() == "one\ntwo\n");
}

TEST_CASE("live table: on a terminal each takes the place of another, the last one stays") {
  const pseudo_terminal terminal;
  live_table x{terminal.fd, true};
  CHECK(x.terminal() == 60U);
  CHECK(x.rows_max() == 10);
  x.begin();
  CHECK(x.show("one\n") == write_result::ok);
  CHECK(x.show("two\n") == write_result::ok);
  CHECK(x.end(write_result::ok) == write_result::ok);
  CHECK(
      terminal.text()
      == "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2Jone\r\n\x1b[H\x1b[2Jtwo\r\n\x1b[?25h\x1b[?1049ltwo\r\n");
}

TEST_CASE("live table: what went wrong stays wrong, and nothing is written any more") {
  const pseudo_terminal terminal;
  live_table x{terminal.fd, true};
  x.begin();
  CHECK(x.show("one\n") == write_result::ok);
  CHECK(x.end(write_result::failed) == write_result::failed);
  CHECK(terminal.text() == "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2Jone\r\n\x1b[?25h\x1b[?1049l");
}

TEST_CASE("live table: a table that is not to be replaced is whole on a terminal, too") {
  const pseudo_terminal terminal;
  live_table x{terminal.fd, false};
  CHECK(x.terminal() == 60U);
  CHECK(x.rows_max() == std::numeric_limits<size_t>::max());
  x.begin();
  CHECK(x.show("one\n") == write_result::ok);
  CHECK(x.end(write_result::ok) == write_result::ok);
  CHECK(terminal.text() == "one\r\n");
}
