// SPDX-License-Identifier: Apache-2.0
// ping_pong ROUNDS OPERATIONS: nanoseconds a request and its answer take over one TCP connection on
// loopback, a line a round. Client and server share one CPU: to wake an idle virtual CPU takes
// longer than all that is measured here, and varies tenfold.
#include "clock.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum { MESSAGE_BYTES = 64 };

static void stay_on_one_cpu(void) {
  cpu_set_t set;

  CPU_ZERO(&set);
  CPU_SET(0, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    die("sched_setaffinity");
}

static void answer_at_once(int fd) {
  int on = 1;

  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    die("TCP_NODELAY");
}

// Returns 0 at the other side's end.
static int receive(int fd) {
  char message[MESSAGE_BYTES];
  size_t have = 0;

  while (have < sizeof message) {
    ssize_t n = read(fd, message + have, sizeof message - have);

    if (n < 0)
      die("read");
    if (n == 0)
      return 0;
    have += (size_t)n;
  }
  return 1;
}

static void send_message(int fd) {
  static const char message[MESSAGE_BYTES];

  if (write(fd, message, sizeof message) != (ssize_t)sizeof message)
    die("write");
}

static void serve(int listener) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int fd = accept(listener, NULL, NULL);

  if (fd < 0)
    die("accept");
  answer_at_once(fd);
  while (receive(fd))
    send_message(fd);
  _exit(0);
}

static int open_listener(struct sockaddr_in* address) {
  socklen_t size = sizeof *address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);

  *address = (struct sockaddr_in){.sin_family = AF_INET};
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 || bind(listener, (struct sockaddr*)address, size) != 0
      || listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr*)address, &size) != 0)
    die("listen");
  return listener;
}

static void measure(int fd, long rounds, long operations) {
  for (long round = 0; round < rounds; ++round) {
    double begin = now_ns();

    for (long i = 0; i < operations; ++i) {
      send_message(fd);
      if (!receive(fd))
        die("the server ended");
    }
    printf("%.2f\n", (now_ns() - begin) / (double)operations);
  }
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: ping_pong ROUNDS OPERATIONS\n");
    return 2;
  }
  struct sockaddr_in address;
  int listener = open_listener(&address);

  stay_on_one_cpu();
  if (fork() == 0)
    serve(listener);
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0)
    die("connect");
  answer_at_once(fd);
  measure(fd, atol(argv[1]), atol(argv[2]));
  return 0;
}
