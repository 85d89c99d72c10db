// SPDX-License-Identifier: Apache-2.0
// fork_storm: processes come and go as fast as they can, until SIGTERM. Ends with 0 when no child
// is left.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE = 16 };

static volatile sig_atomic_t ending;

static void end(int signal_number) {
  (void)signal_number;
  ending = 1;
}

int main(void) {
  signal(SIGTERM, end);
  while (!ending) {
    for (int i = 0; i < AT_ONCE; ++i) {
      pid_t child = fork();

      if (child < 0) {
        perror("fork");
        return 1;
      }
      if (child == 0)
        _exit(0);
    }
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
  }
  return 0;
}
