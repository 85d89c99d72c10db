// SPDX-License-Identifier: Apache-2.0
// tcp_server PORT BYTES: for each connection reads BYTES, answers as many, waits for the client's
// close. One connection after the other, until SIGTERM. Each end of a connection is a line
// "served N" on stdout.
#include "tcp.h"

#include <signal.h>

static void end(int signal_number) {
  (void)signal_number;
  _exit(0);
}

static int listen_on(long port) {
  struct sockaddr_in any = address("0.0.0.0", port);
  int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0)
    die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (const struct sockaddr*)&any, sizeof any) != 0)
    die("bind");
  if (listen(fd, 128) != 0)
    die("listen");
  return fd;
}

static void serve(int fd, size_t size) {
  char last;

  if (receive_bytes(fd, size) != 0) {
    fprintf(stderr, "the client closed early\n");
    exit(1);
  }
  send_bytes(fd, size);
  if (read(fd, &last, 1) != 0) {
    fprintf(stderr, "the client sent too much\n");
    exit(1);
  }
  close(fd);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: tcp_server PORT BYTES\n");
    return 2;
  }
  // As process 1 of a container a signal without a handler is ignored.
  signal(SIGTERM, end);
  setvbuf(stdout, NULL, _IOLBF, 0);
  int listener = listen_on(number(argv[1]));
  size_t size = (size_t)number(argv[2]);

  printf("listening\n");
  for (long served = 1;; ++served) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
      die("accept");
    serve(fd, size);
    printf("served %ld\n", served);
  }
}
