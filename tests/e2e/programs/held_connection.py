# SPDX-License-Identifier: Apache-2.0
"""A connection that is older than whoever looks: held_connection.py ADDRESS PORT COUNT PATH FOLDER.

Runs in a container. Connects and makes one request, says so with the file FOLDER/held, waits for
FOLDER/go, makes COUNT requests on that connection, says so with FOLDER/done, and keeps it open.
"""

import http.client
import pathlib
import sys
import time

DEADLINE_SECONDS = 120


def request(connection, path):
    connection.request("GET", path)
    connection.getresponse().read()


def main():
    address, port, count, path, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    connection = http.client.HTTPConnection(address, int(port), timeout=20)
    request(connection, path)
    (folder / "held").touch()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (folder / "go").exists():
        if time.monotonic() > deadline:
            sys.exit(f"nobody said go for {DEADLINE_SECONDS} s")
        time.sleep(0.02)
    for _ in range(int(count)):
        request(connection, path)
    (folder / "done").touch()
    time.sleep(1000)  # Open until the container is removed.


main()
