# SPDX-License-Identifier: Apache-2.0
"""Requests to MongoDB in exact numbers: mongo_requests.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME or NAME=COUNT. Fails unless every answer is what it must be.
Prints how often the driver said hello of itself, as it counted that: when it connects, and when it
looks after the server.
"""

import contextlib
import socket
import struct

import bson
import pymongo
from pymongo import common, errors, monitor, monitoring

from modes import at_once, fail, require, run

# The driver looks after a server once: not again since somebody waits for it, and not while it is
# closed. That it does so soon is what this pause is for.
monitor.Monitor.request_check = lambda self: None
common.MIN_HEARTBEAT_INTERVAL = 0.01
SECONDS = 20
BIG = b"b" * (1 << 20)


greetings = 0


class Heartbeats(monitoring.ServerHeartbeatListener):
    def started(self, event):
        pass

    def succeeded(self, event):
        global greetings
        greetings += 1

    def failed(self, event):
        pass


class Connections(monitoring.ConnectionPoolListener):
    def connection_ready(self, event):
        global greetings
        greetings += 1

    def ignored(self, event):
        pass

    connection_created = connection_closed = connection_check_out_started = ignored
    connection_check_out_failed = connection_checked_out = connection_checked_in = ignored
    pool_created = pool_cleared = pool_closed = ignored


@contextlib.contextmanager
def shop(address, **options):
    """A database, on one connection."""
    with pymongo.MongoClient(*address, event_listeners=[Heartbeats(), Connections()], maxPoolSize=1,
                             heartbeatFrequencyMS=600_000, serverSelectionTimeoutMS=SECONDS * 1000,
                             retryWrites=False) as client:
        yield client.get_database("shop", **options)


def fails(error, code, function, *arguments):
    try:
        function(*arguments)
    except error as raised:
        require(raised.code == code, raised)
        return
    fail(f"{function} did not fail")


def documents(address, count):
    with shop(address) as database:
        orders = database.documents
        for i in range(count):
            orders.insert_one({"_id": i, "what": "a book"})
            require(orders.find_one({"_id": i})["what"] == "a book", i)
            require(orders.update_one({"_id": i}, {"$set": {"what": "two"}}).modified_count == 1, i)
            require(orders.delete_one({"_id": i}).deleted_count == 1, i)
            require(database.client.admin.command("ping")["ok"] == 1, "no ping")


def failures(address, count):
    with shop(address) as database:
        database.failures.insert_one({"_id": 1})
        for _ in range(count):
            fails(errors.DuplicateKeyError, 11000, database.failures.insert_one, {"_id": 1})
            fails(errors.OperationFailure, 59, database.command, "nonsense")


def cursors(address, count):
    """250 documents, a hundred at a time; and a hundred of them, whose rest nobody wants."""
    with shop(address) as database:
        database.cursors.insert_many([{"n": i} for i in range(250)])
        for _ in range(count):
            require(len(list(database.cursors.find(batch_size=100))) == 250, "there are others")
            cursor = database.cursors.find(batch_size=100)
            require(next(cursor)["n"] == 0, "another is the first")
            cursor.close()


def silent(address, count):
    """Nobody confirms what is written. That the last one was shows the answer behind it."""
    with shop(address, write_concern=pymongo.WriteConcern(w=0)) as database:
        for i in range(count):
            database.silent.insert_one({"_id": i})
            database.silent.update_one({"_id": i}, {"$set": {"n": 1}})
            database.silent.delete_one({"_id": i})
        database.client.admin.command("ping")


def big(address, count):
    with shop(address) as database:
        for i in range(count):
            database.big.insert_one({"_id": i, "picture": BIG})
            require(database.big.find_one({"_id": i})["picture"] == BIG, "it is another")


def concurrent(address, count):
    """Eight clients at once."""
    def one(name):
        with shop(address) as database:
            for i in range(count):
                database.concurrent.insert_one({"_id": f"{name} {i}"})

    at_once(one)


def message(number, command):
    body = struct.pack("<IB", 0, 0) + bson.encode(command)
    return struct.pack("<IIII", 16 + len(body), number, 0, 2013) + body


def by_hand(address, requests):
    """All in one send."""
    with socket.create_connection(address, timeout=SECONDS) as connection:
        stream = connection.makefile("rb")
        connection.sendall(b"".join(message(i, x) for i, x in enumerate(requests)))
        for _ in requests:
            length, _, _, _ = struct.unpack("<IIII", stream.read(16))
            answer = bson.decode(stream.read(length - 16)[5:])
            require(answer["ok"] == 1, answer)


def burst(address, count):
    by_hand(address, [{"ping": 1, "$db": "admin", "comment": "c" * 40}] * count)


def ready(address, count):
    by_hand(address, [{"ping": 1, "$db": "admin"}] * count)


MODES = {x.__name__: x for x in (documents, failures, cursors, silent, big, concurrent, burst,
                                 ready)}

if __name__ == "__main__":
    run(MODES)
    print(greetings)
