// SPDX-License-Identifier: Apache-2.0
// write_null ROUNDS OPERATIONS: nanoseconds a write of one byte to /dev/null takes, a line a round.
#include "clock.h"

#include <fcntl.h>

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: write_null ROUNDS OPERATIONS\n");
    return 2;
  }
  long rounds = atol(argv[1]);
  long operations = atol(argv[2]);
  int fd = open("/dev/null", O_WRONLY);

  if (fd < 0)
    die("/dev/null");
  for (long round = 0; round < rounds; ++round) {
    double begin = now_ns();

    for (long i = 0; i < operations; ++i)
      if (write(fd, "x", 1) != 1)
        die("write");
    printf("%.2f\n", (now_ns() - begin) / (double)operations);
  }
  return 0;
}
