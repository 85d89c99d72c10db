// SPDX-License-Identifier: Apache-2.0
// oom MEGABYTES: touches that much memory. In a container with a smaller limit the kernel's OOM
// killer ends it; should it come through, it ends with 0 and the test sees that nothing was killed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  enum { MEGABYTE = 1 << 20 };
  long megabytes = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

  if (megabytes <= 0) {
    fprintf(stderr, "usage: oom MEGABYTES\n");
    return 2;
  }
  for (long i = 0; i < megabytes; ++i) {
    volatile char* part = malloc(MEGABYTE);

    if (part == NULL)
      return 1;
    for (size_t at = 0; at < MEGABYTE; at += 4096)
      part[at] = 1;
  }
  printf("touched %ld MB\n", megabytes);
  return 0;
}
