# SPDX-License-Identifier: Apache-2.0
"""HTTP requests in exact numbers: http_requests.py ADDRESS PORT MODE COUNT [PATH].

Runs in a container. Fails unless every answer came, whole and with the status in EXPECTED.
"""

import collections
import http.client
import socket
import sys
import threading

EXPECTED = {"/small": 200, "/big": 200, "/take": 200, "/nothing": 404, "/broken": 500,
            "/ready": 404}
BIG = 1 << 20
# The agent looks at the first KiB of a send or receive: so a burst is no longer, and no read.
BURST = 16
READ_BYTES = 1024


def keep_alive(address, port, count, path, method="GET", body=None):
    """One connection, one request after the other."""
    connection = http.client.HTTPConnection(address, port, timeout=20)
    for _ in range(count):
        connection.request(method, f"{path}?token=secret", body=body)
        response = connection.getresponse()
        content = response.read()
        check(response.status == EXPECTED[path], f"{path} answered {response.status}")
        check(path != "/big" or len(content) == BIG, f"{len(content)} bytes of {path}")
    connection.close()


def concurrent(address, port, count, path):
    """Eight connections at once, `count` requests on each."""
    failed = []

    def one():
        try:
            keep_alive(address, port, count, path)
        except Exception as error:  # Told by the main thread.
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failed, failed)


def post(address, port, count, path):
    keep_alive(address, port, count, path, "POST", b"x" * BIG)


def head_of(path):
    return f"GET {path} HTTP/1.1\r\nHost: test\r\nUser-Agent: by hand\r\n\r\n".encode()


def pipelined(address, port, count, path):
    """In bursts: sixteen requests in one send, then their answers."""
    with socket.create_connection((address, port), timeout=20) as connection:
        for _ in range(count // BURST):
            connection.sendall(head_of(path) * BURST)
            statuses = read_answers(connection, BURST)
            check(statuses == collections.Counter({EXPECTED[path]: BURST}), statuses)


def flood(address, port, count, path):
    """All requests before the first answer is read."""
    with socket.create_connection((address, port), timeout=20) as connection:
        sender = threading.Thread(target=connection.sendall, args=(head_of(path) * count,))
        sender.start()
        statuses = read_answers(connection, count)
        sender.join()
    check(statuses == collections.Counter({EXPECTED[path]: count}), statuses)


def dribbled(address, port, count, path):
    """Each byte is a send of its own."""
    with socket.create_connection((address, port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            for byte in head_of(path):
                connection.sendall(bytes([byte]))
            statuses = read_answers(connection, 1)
            check(statuses == collections.Counter({EXPECTED[path]: 1}), statuses)


def read_answers(connection, count):
    """The statuses of so many answers, read to their ends."""
    statuses = collections.Counter()
    stream = connection.makefile("rb", buffering=READ_BYTES)
    for _ in range(count):
        statuses[int(stream.readline().split()[1])] += 1
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)
    return statuses


def check(holds, what):
    if not holds:
        raise SystemExit(f"http_requests: {what}")


MODES = {"keep_alive": keep_alive, "concurrent": concurrent, "post": post, "pipelined": pipelined,
         "flood": flood, "dribbled": dribbled}

if __name__ == "__main__":
    MODES[sys.argv[3]](sys.argv[1], int(sys.argv[2]), int(sys.argv[4]), sys.argv[5])
