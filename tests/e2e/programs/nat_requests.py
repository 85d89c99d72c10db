# SPDX-License-Identifier: Apache-2.0
"""Connections with HTTP requests: nat_requests.py ADDRESS PORT CONNECTIONS REQUESTS.

Runs in a container. One connection after the other, so many requests on each; with 0 requests,
connects that must be refused; with -1, connects that nobody answers, given up soon.
"""

import http.client
import socket
import sys


def refused(address, port):
    try:
        socket.create_connection((address, port), timeout=10)
    except ConnectionRefusedError:
        return
    sys.exit(f"{address}:{port} answers")


def unanswered(address, port):
    try:
        socket.create_connection((address, port), timeout=0.3)
    except TimeoutError:
        return
    sys.exit(f"{address}:{port} answers")


def talk(address, port, requests):
    connection = http.client.HTTPConnection(address, port, timeout=20)
    for _ in range(requests):
        connection.request("GET", "/small")
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            sys.exit(f"{address}:{port} answered {response.status}")
    connection.close()


def main():
    address, port, connections, requests = sys.argv[1], *map(int, sys.argv[2:])
    for _ in range(connections):
        if requests > 0:
            talk(address, port, requests)
        elif requests == 0:
            refused(address, port)
        else:
            unanswered(address, port)


main()
