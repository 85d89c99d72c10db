# SPDX-License-Identifier: Apache-2.0
"""What the programs that speak to servers have in common; it lies beside them in the containers.

A program is called with ADDRESS PORT MODE..., where a mode is NAME or NAME=COUNT: a function of the
address and of how often it is to do what it does. It ends with an error unless every answer is what
it must be.
"""

import asyncio
import inspect
import pathlib
import socket
import sys
import threading

THREADS = 8


def run(modes):
    """What the command line asks for, of functions by name."""
    address = (sys.argv[1], int(sys.argv[2]))
    for mode in sys.argv[3:]:
        name, _, number = mode.partition("=")
        result = modes[name](address, int(number or 1))
        if inspect.iscoroutine(result):
            asyncio.run(result)


def fail(what):
    raise SystemExit(f"{pathlib.Path(sys.argv[0]).stem}: {what}")


def check(value, expected=True):
    if value != expected:
        fail(f"{str(value)[:200]!r}, not {str(expected)[:200]!r}")


def require(holds, what):
    if not holds:
        fail(what)


def at_once(function):
    """Calls it in so many threads, with their numbers."""
    errors = []

    def one(number):
        try:
            function(number)
        except Exception as error:  # Told by the main thread.
            errors.append(error)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(errors, [])


class Raw:
    """A connection as it is, for what a library does not speak."""

    def __init__(self, address):
        self.connection = socket.create_connection(address, timeout=20)
        self.stream = self.connection.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.connection.close()

    def send(self, data):
        self.connection.sendall(data)
