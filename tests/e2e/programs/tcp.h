/* SPDX-License-Identifier: Apache-2.0 */
/* What the test programs share: whole reads and writes on a TCP socket, and numbers from argv. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK_MAX = 1 << 16 };

static inline void die(const char* what) {
  perror(what);
  exit(1);
}

static inline long number(const char* text) {
  char* end = NULL;
  long value = strtol(text, &end, 10);

  if (end == text || *end != '\0' || value < 0) {
    fprintf(stderr, "not a number: %s\n", text);
    exit(2);
  }
  return value;
}

static inline struct sockaddr_in address(const char* host, long port) {
  struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};

  if (inet_pton(AF_INET, host, &result.sin_addr) != 1) {
    fprintf(stderr, "not an IPv4 address: %s\n", host);
    exit(2);
  }
  return result;
}

static inline void write_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, data, size);

    if (n <= 0)
      die("write");
    data += n;
    size -= (size_t)n;
  }
}

/* Returns 0 when everything came, -1 when the peer closed first. */
static inline int read_all(int fd, char* data, size_t size) {
  while (size > 0) {
    ssize_t n = read(fd, data, size);

    if (n < 0)
      die("read");
    if (n == 0)
      return -1;
    data += n;
    size -= (size_t)n;
  }
  return 0;
}

static inline void send_bytes(int fd, size_t size) {
  static const char zeroes[CHUNK_MAX];

  while (size > 0) {
    size_t part = size < CHUNK_MAX ? size : CHUNK_MAX;

    write_all(fd, zeroes, part);
    size -= part;
  }
}

static inline int receive_bytes(int fd, size_t size) {
  static char buffer[CHUNK_MAX];

  while (size > 0) {
    size_t part = size < CHUNK_MAX ? size : CHUNK_MAX;

    if (read_all(fd, buffer, part) != 0)
      return -1;
    size -= part;
  }
  return 0;
}

/* Connects, sends `size` bytes, waits for as many; returns the open connection. */
static inline int open_and_exchange(const struct sockaddr_in* to, size_t size) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0)
    die("socket");
  if (connect(fd, (const struct sockaddr*)to, sizeof *to) != 0)
    die("connect");
  send_bytes(fd, size);
  if (receive_bytes(fd, size) != 0) {
    fprintf(stderr, "the server closed early\n");
    exit(1);
  }
  return fd;
}

static inline void exchange(const struct sockaddr_in* to, size_t size) {
  close(open_and_exchange(to, size));
}

/* One connect that must be refused. */
static inline void expect_refusal(const struct sockaddr_in* to) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0)
    die("socket");
  if (connect(fd, (const struct sockaddr*)to, sizeof *to) == 0) {
    fprintf(stderr, "connected, though nobody should listen\n");
    exit(1);
  }
  if (errno != ECONNREFUSED)
    die("connect");
  close(fd);
}
