// SPDX-License-Identifier: Apache-2.0
// refuse_client HOST PORT CONNECTIONS: connects to a port where nobody listens; ends with 0 only
// when each connect was refused.
#include "tcp.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: refuse_client HOST PORT CONNECTIONS\n");
    return 2;
  }
  struct sockaddr_in nobody = address(argv[1], number(argv[2]));
  long connections = number(argv[3]);

  for (long i = 0; i < connections; ++i)
    expect_refusal(&nobody);
  printf("refused %ld\n", connections);
  return 0;
}
