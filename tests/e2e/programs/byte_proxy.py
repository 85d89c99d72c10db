# SPDX-License-Identifier: Apache-2.0
"""Passes connections on, each byte by itself: byte_proxy.py LISTEN_PORT ADDRESS PORT.

Runs in a container. Who is asked through it gets every message cut at every byte, and gives its
answers so.
"""

import socket
import sys
import threading


def pass_on(source, target):
    target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while data := source.recv(65536):
            for byte in data:
                target.sendall(bytes([byte]))
        target.shutdown(socket.SHUT_WR)
    except OSError:  # The other end is gone: so is this one.
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(client, address):
    with client, socket.create_connection(address) as server:
        back = threading.Thread(target=pass_on, args=(server, client))
        back.start()
        pass_on(client, server)
        back.join()


def main(port, address):
    with socket.create_server(("0.0.0.0", port), backlog=64) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, address), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]), (sys.argv[2], int(sys.argv[3])))
