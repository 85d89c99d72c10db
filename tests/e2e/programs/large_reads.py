# SPDX-License-Identifier: Apache-2.0
"""A connection whose answers are read by as many bytes at once as one likes."""

import socket
import struct

SIZES = (64 << 10, 128 << 10, 256 << 10)
TIMEOUT_SECONDS = 20


class LargeReads:
    """Of a socket that a library has logged in. `read_answer(stream)` returns what a server says
    to the first request of a kind; each further answer is as long."""

    def __init__(self, descriptor, read_answer):
        self.connection = socket.socket(fileno=descriptor)
        self.connection.setblocking(True)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO,
                                   struct.pack("ll", TIMEOUT_SECONDS, 0))
        self.read_answer = read_answer
        self.answers = {}

    def ask(self, request, size):
        self.connection.sendall(request)
        if request not in self.answers:
            with self.connection.makefile("rb", buffering=size) as stream:
                self.answers[request] = self.read_answer(stream)
            return self.answers[request]
        left = len(self.answers[request])
        parts = []
        while left:
            parts.append(self.connection.recv(min(left, size), socket.MSG_WAITALL))
            left -= len(parts[-1])
        return b"".join(parts)

    def ask_often(self, request, count):
        """In every size, from four times on; always with the same answer, which is returned."""
        first = self.ask(request, SIZES[-1])
        for i in range(count - 1):
            if self.ask(request, SIZES[i % len(SIZES)]) != first:
                raise SystemExit(f"{request!r} was not answered as before")
        return first
