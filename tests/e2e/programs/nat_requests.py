# SPDX-License-Identifier: Apache-2.0
"""Connections with HTTP requests: nat_requests.py ADDRESS PORT CONNECTIONS REQUESTS.

Runs in a container. One connection after the other, so many requests on each; or, with 0 requests,
connects that must be refused.
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
        if requests:
            talk(address, port, requests)
        else:
            refused(address, port)


main()
