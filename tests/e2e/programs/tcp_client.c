// SPDX-License-Identifier: Apache-2.0
// tcp_client HOST PORT CONNECTIONS BYTES: that many connections, one after the other, each sends
// BYTES and waits for as many. Ends with 0 only when all of them succeeded.
#include "tcp.h"

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: tcp_client HOST PORT CONNECTIONS BYTES\n");
    return 2;
  }
  struct sockaddr_in server = address(argv[1], number(argv[2]));
  long connections = number(argv[3]);
  size_t size = (size_t)number(argv[4]);

  for (long i = 0; i < connections; ++i)
    exchange(&server, size);
  printf("connected %ld\n", connections);
  return 0;
}
