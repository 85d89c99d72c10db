// SPDX-License-Identifier: Apache-2.0
// exit_with CODE: ends with that exit code.
#include <stdlib.h>

int main(int argc, char** argv) {
  return argc == 2 ? atoi(argv[1]) : 2;
}
