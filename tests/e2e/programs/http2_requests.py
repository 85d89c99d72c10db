# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by hand: http2_requests.py ADDRESS PORT MODE COUNT PATH [STATUS].

Runs in a container. Fails unless every stream was answered with STATUS, 200 unless it is said.
"""

import collections
import os
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM = ACK = 1
END_HEADERS = 4
CANCEL = 8
# HPACK's static table: RFC 7541, appendix A.
AUTHORITY, METHOD_GET, PATH, SCHEME_HTTP, USER_AGENT = 1, 2, 4, 6, 58
STATIC_ENTRIES = 61
STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
BURST = 50


def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
            + payload)


class Connection:
    """One connection with prior knowledge. Fields that were said once are referred to."""

    def __init__(self, address, port):
        self.socket = socket.create_connection((address, port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")
        self.table = []  # Newest first.
        self.next_id = 1
        self.authority = f"{address}:{port}"
        # A table of no bytes: what the server says refers to nothing.
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, b"\0\1\0\0\0\0"))

    def field(self, name, value):
        """Of a name in the static table: a reference, or a literal that is referred to later."""
        if (name, value) in self.table:
            return bytes([0x80 | (STATIC_ENTRIES + 1 + self.table.index((name, value)))])
        self.table.insert(0, (name, value))
        return bytes([0x40 | name, len(value)]) + value.encode()

    def request(self, path):
        """The frame of a request, and its stream."""
        block = bytes([0x80 | METHOD_GET, 0x80 | SCHEME_HTTP])
        block += self.field(AUTHORITY, self.authority) + self.field(PATH, f"{path}?token=secret")
        block += self.field(USER_AGENT, "by hand")
        stream = self.next_id
        self.next_id += 2
        return frame(HEADERS, END_STREAM | END_HEADERS, stream, block)

    def answers(self, count):
        """The statuses of so many streams, read to their ends."""
        statuses = collections.Counter()
        while count > 0:
            header = self.stream.read(9)
            kind, flags = header[3], header[4]
            payload = self.stream.read(int.from_bytes(header[:3], "big"))
            if kind == SETTINGS and not flags & ACK:
                self.socket.sendall(frame(SETTINGS, ACK, 0))
            elif kind == HEADERS:
                statuses[status_of(payload)] += 1
            elif kind == DATA and payload:
                self.socket.sendall(frame(WINDOW_UPDATE, 0, 0, len(payload).to_bytes(4, "big")))
            elif kind in (GOAWAY, RST_STREAM):
                raise SystemExit(f"http2_requests: frame {kind}: {payload}")
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                count -= 1
        return statuses


def status_of(block):
    """The first field of an answer, behind updates of the table's size."""
    while block[0] & 0xe0 == 0x20:
        block = block[1:]
    if block[0] & 0x80:
        return STATUSES[block[0] & 0x7f]
    name, size = block[0] & 0x0f, block[1] & 0x7f
    if not 8 <= name <= 14 or block[1] & 0x80:
        raise SystemExit(f"http2_requests: not a status: {block[:8]}")
    return int(block[2:2 + size])


def expect(statuses, count, status):
    if statuses != {status: count}:
        raise SystemExit(f"http2_requests: {statuses}")


def burst(address, port, count, path, status):
    """Many requests in each send, on one connection."""
    connection = Connection(address, port)
    for left in range(count, 0, -BURST):
        n = min(left, BURST)
        connection.socket.sendall(b"".join(connection.request(path) for _ in range(n)))
        expect(connection.answers(n), n, status)
    connection.socket.close()


def dribbled(address, port, count, path, status):
    """Each byte is a send of its own."""
    connection = Connection(address, port)
    for _ in range(count):
        for byte in connection.request(path):
            connection.socket.sendall(bytes([byte]))
        expect(connection.answers(1), 1, status)
    connection.socket.close()


def midstream(address, port, count, path, status):
    """One request before the fifo `go` is written to, and those that are counted behind it: they
    refer to what the first one said."""
    connection = Connection(address, port)
    connection.socket.sendall(connection.request(path))
    expect(connection.answers(1), 1, status)
    with open(os.path.join(HERE, "ready"), "w"):
        pass
    with open(os.path.join(HERE, "go")) as fifo:
        fifo.read()
    for _ in range(count):
        connection.socket.sendall(connection.request(path))
        expect(connection.answers(1), 1, status)
    connection.socket.close()


MODES = {"burst": burst, "dribbled": dribbled, "midstream": midstream}

if __name__ == "__main__":
    MODES[sys.argv[3]](sys.argv[1], int(sys.argv[2]), int(sys.argv[4]), sys.argv[5],
                       int(sys.argv[6]) if len(sys.argv) > 6 else 200)
