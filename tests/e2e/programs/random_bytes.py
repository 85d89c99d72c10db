# SPDX-License-Identifier: Apache-2.0
"""random_bytes.py serve PORT | random_bytes.py connect ADDRESS PORT COUNT

Bytes that mean nothing, both ways: the server answers each kilobyte with one of its own.
"""

import os
import socket
import sys

SIZE = 1024


def read_exactly(connection, size):
    got = 0
    while got < size:
        part = connection.recv(size - got)
        if not part:
            return False
        got += len(part)
    return True


def serve(port):
    with socket.create_server(("", port)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                while read_exactly(connection, SIZE):
                    connection.sendall(os.urandom(SIZE))


def connect(address, port, count):
    with socket.create_connection((address, port), timeout=20) as connection:
        for _ in range(count):
            connection.sendall(os.urandom(SIZE))
            if not read_exactly(connection, SIZE):
                raise SystemExit("random_bytes: the server hung up")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        connect(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
