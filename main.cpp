// SPDX-License-Identifier: Apache-2.0

#include "actors/console/command_line.hpp"

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

/// Signals are read by the command that waits for them (stop_signals.hpp), on one thread; blocked
/// before any other thread starts, so that none takes them. A closed pipe is an error of write().
void set_up_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t ending{};
  ::sigemptyset(&ending);
  ::sigaddset(&ending, SIGINT);
  ::sigaddset(&ending, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);
}

} // namespace

int main(int argc, char** argv) {
  set_up_signals();
  return troupe::run_command_line({argv + 1, argv + argc}, {}, &::getenv, troupe::real_commands());
}
