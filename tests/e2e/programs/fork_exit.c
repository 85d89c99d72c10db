// SPDX-License-Identifier: Apache-2.0
// fork_exit CHILDREN: forks that many children; child i (from 1) ends at once with exit code i and
// never executes anything. Ends with 0 when every child's code came back right.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  long children = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

  if (children < 1 || children > 125) {
    fprintf(stderr, "usage: fork_exit CHILDREN (1 to 125)\n");
    return 2;
  }
  for (long i = 1; i <= children; ++i) {
    int status = 0;
    pid_t child = fork();

    if (child < 0) {
      perror("fork");
      return 1;
    }
    if (child == 0)
      _exit((int)i);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != i)
      return 1;
  }
  return 0;
}
