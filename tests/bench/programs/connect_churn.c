// SPDX-License-Identifier: Apache-2.0
// connect_churn RATE: connects to itself over loopback and closes, so many times a second, until it
// is killed; 0: as often as it can.
#include "clock.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static void connect_once(int listener, const struct sockaddr_in* address) {
  int client = socket(AF_INET, SOCK_STREAM, 0);
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};

  if (client < 0 || connect(client, (const struct sockaddr*)address, sizeof *address) != 0)
    die("connect");
  int server = accept(listener, NULL, NULL);

  if (server < 0 || write(client, "x", 1) != 1)
    die("accept");
  char got;

  if (read(server, &got, 1) != 1)
    die("read");
  // Without a TIME_WAIT: ports would run out.
  setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(client);
  close(server);
}

static void pause_until(double next_ns) {
  double left = next_ns - now_ns();

  if (left <= 0)
    return;
  struct timespec pause = {.tv_sec = (time_t)(left / 1e9)};

  pause.tv_nsec = (long)(left - (double)pause.tv_sec * 1e9);
  nanosleep(&pause, NULL);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: connect_churn RATE\n");
    return 2;
  }
  double rate = atof(argv[1]);
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 || bind(listener, (struct sockaddr*)&address, size) != 0
      || listen(listener, 8) != 0 || getsockname(listener, (struct sockaddr*)&address, &size) != 0)
    die("listen");
  for (double next_ns = now_ns();;) {
    connect_once(listener, &address);
    if (rate <= 0)
      continue;
    next_ns += 1e9 / rate;
    pause_until(next_ns);
  }
}
