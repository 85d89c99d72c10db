# SPDX-License-Identifier: Apache-2.0
"""Long answers of PostgreSQL, in large receives: postgres_large_reads.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME=COUNT. Fails unless every answer is what it must be. psycopg2
logs in and asks for little; what is long is asked for and read as it is.
"""

import contextlib
import os
import struct

import psycopg2

from large_reads import LargeReads
from modes import check, run

SMALL = 100  # Queries, before the first long answer.


@contextlib.contextmanager
def logged_in(address):
    client = psycopg2.connect(host=address[0], port=address[1], dbname="postgres", user="test",
                              password="secret", connect_timeout=20)
    client.autocommit = True
    with client.cursor() as cursor:
        for _ in range(SMALL):
            cursor.execute("SELECT id FROM one")
    yield LargeReads(os.dup(client.fileno()), read_answer)
    client.close()


def read_answer(stream):
    said = []
    while not said or said[-1][:5] != b"Z\0\0\0\5":
        header = stream.read(5)
        said.append(header + stream.read(struct.unpack("!I", header[1:])[0] - 4))
    return b"".join(said)


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def query(text):
    return message(b"Q", text.encode() + b"\0")


EXECUTE = message(b"B", bytes(8)) + message(b"E", bytes(5))
SYNC = message(b"S")


def selected(address, count):
    with logged_in(address) as connection:
        answer = connection.ask_often(query("SELECT x FROM many LIMIT 5000"), count)
        check(answer[-18:-6], b"SELECT 5000\0")


def late_errors(address, count):
    """At the last row."""
    with logged_in(address) as connection:
        answer = connection.ask_often(query("SELECT 1 / (20000 - id) FROM numbers"), count)
        check(b"C22012\0" in answer)
        check(len(answer) > 200_000)


def copied(address, count):
    with logged_in(address) as connection:
        answer = connection.ask_often(query("COPY numbers TO STDOUT"), count)
        check(answer[-17:-6], b"COPY 20000\0")


def executed(address, count):
    parse = message(b"P", b"\0SELECT x FROM many LIMIT 5000\0\0\0")
    with logged_in(address) as connection:
        answer = connection.ask_often(parse + EXECUTE + SYNC, count)
        check(answer[-18:-6], b"SELECT 5000\0")


def pipelined(address, count):
    """Three at once, and one Sync."""
    parse = message(b"P", b"\0SELECT x FROM many LIMIT 5000\0\0\0")
    with logged_in(address) as connection:
        answer = connection.ask_often(parse + 3 * EXECUTE + SYNC, count)
        check(answer.count(b"SELECT 5000\0"), 3)


if __name__ == "__main__":
    run(globals())
