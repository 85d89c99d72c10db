// SPDX-License-Identifier: Apache-2.0
// ordered_client ORDERS ANSWERS: a client that a test drives through two FIFOs, also while no
// runtime is there to exec anything in the container. Orders are lines:
//   connect HOST PORT CONNECTIONS BYTES    exchanges like tcp_client
//   refused HOST PORT CONNECTIONS          connects that must be refused
//   scan HOST PORT PORTS                   one such connect to each of so many ports
//   open HOST PORT BYTES                   exchanges, and keeps the connection
//   close                                  closes the kept connection
//   quit CODE                              ends with that exit code, without closing anything
// Each order is answered with a line "done". The FIFOs are opened anew for each order, so the test
// may open and close its ends.
#include "tcp.h"

static int kept = -1;

static void answer(const char* path, const char* text) {
  FILE* file = fopen(path, "w");

  if (file == NULL)
    die(path);
  fprintf(file, "%s\n", text);
  fclose(file);
}

static void obey(const char* order, const char* answers) {
  char host[64];
  long port = 0;
  long connections = 0;
  long size = 0;
  int code = 0;

  if (sscanf(order, "connect %63s %ld %ld %ld", host, &port, &connections, &size) == 4) {
    struct sockaddr_in server = address(host, port);

    for (long i = 0; i < connections; ++i)
      exchange(&server, (size_t)size);
  } else if (sscanf(order, "refused %63s %ld %ld", host, &port, &connections) == 3) {
    struct sockaddr_in nobody = address(host, port);

    for (long i = 0; i < connections; ++i)
      expect_refusal(&nobody);
  } else if (sscanf(order, "scan %63s %ld %ld", host, &port, &connections) == 3) {
    for (long i = 0; i < connections; ++i) {
      struct sockaddr_in nobody = address(host, port + i);

      expect_refusal(&nobody);
    }
  } else if (sscanf(order, "open %63s %ld %ld", host, &port, &size) == 3) {
    struct sockaddr_in server = address(host, port);

    kept = open_and_exchange(&server, (size_t)size);
  } else if (strcmp(order, "close\n") == 0) {
    close(kept);
  } else if (sscanf(order, "quit %d", &code) == 1) {
    answer(answers, "done");
    exit(code);
  } else {
    fprintf(stderr, "no such order: %s\n", order);
    exit(2);
  }
  answer(answers, "done");
}

int main(int argc, char** argv) {
  char order[256];

  if (argc != 3) {
    fprintf(stderr, "usage: ordered_client ORDERS ANSWERS\n");
    return 2;
  }
  for (;;) {
    FILE* orders = fopen(argv[1], "r");

    if (orders == NULL)
      die(argv[1]);
    if (fgets(order, sizeof order, orders) != NULL)
      obey(order, argv[2]);
    fclose(orders);
  }
}
