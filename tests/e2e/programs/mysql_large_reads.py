# SPDX-License-Identifier: Apache-2.0
"""Long answers of MariaDB, in large receives: mysql_large_reads.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME=COUNT. Fails unless every answer is what it must be. pymysql
logs in and asks for little; what is long is asked for and read as it is.
"""

import contextlib
import os
import struct

import pymysql

from large_reads import LargeReads
from modes import check, run

SMALL = 100  # Queries, before the first long answer.
MORE_RESULTS = 8


@contextlib.contextmanager
def logged_in(address):
    client = pymysql.connect(host=address[0], port=address[1], user="test", password="secret",
                             database="shop", autocommit=True, connect_timeout=20)
    with client.cursor() as cursor:
        for _ in range(SMALL):
            cursor.execute("SELECT id FROM one")
    yield LargeReads(os.dup(client._sock.fileno()), read_answer)
    client.close()


def read_answer(stream):
    said = []
    closed = 0  # Definitions of columns, and rows.
    while True:
        header = stream.read(4)
        payload = stream.read(int.from_bytes(header[:3], "little"))
        said.append(header + payload)
        if payload[0] == 0xff or (payload[0] == 0 and closed % 2 == 0):
            return b"".join(said)
        if payload[0] == 0xfe and len(payload) == 5:
            closed += 1
            if closed % 2 == 0 and not payload[3] & MORE_RESULTS:
                return b"".join(said)


def query(text):
    return struct.pack("<I", len(text) + 1) + b"\3" + text.encode()


def selected(address, count):
    with logged_in(address) as connection:
        answer = connection.ask_often(query("SELECT repeat('x', 50) FROM many"), count)
        check(answer.count(50 * b"x"), 10000)


def late_errors(address, count):
    with logged_in(address) as connection:
        answer = connection.ask_often(query("SELECT exp(x) FROM many"), count)
        check(b"\xff\x9a\x06#22003" in answer)
        check(len(answer) > 100_000)


def long_rows(address, count):
    """Longer than what is captured of an answer's end."""
    with logged_in(address) as connection:
        answer = connection.ask_often(query("SELECT repeat('x', 9000) FROM many LIMIT 100"), count)
        check(len(answer) > 900_000)


def called(address, count):
    with logged_in(address) as connection:
        answer = connection.ask_often(query("CALL many_results()"), count)
        check(len(answer) > 200_000)


if __name__ == "__main__":
    run(globals())
