# SPDX-License-Identifier: Apache-2.0
"""Requests to ZooKeeper in exact numbers: zookeeper_requests.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME or NAME=COUNT. Fails unless every answer is what it must be.
Modes use nodes of their own, and each node once.
"""

import contextlib
import socket
import struct
import threading

from kazoo import exceptions
from kazoo.client import KazooClient
from kazoo.security import OPEN_ACL_UNSAFE

from modes import at_once, fail, require, run

BIG = b"b" * (900 << 10)  # ZooKeeper's bound is 1 MiB with all that is around it.
SECONDS = 20


@contextlib.contextmanager
def session(address):
    client = KazooClient("%s:%d" % address, timeout=SECONDS)
    client.start(SECONDS)
    yield client
    client.stop()
    client.close()


def fails(error, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except error:
        return
    fail(f"{function.__name__}{arguments} did not fail")


def nodes(address, count):
    with session(address) as client:
        for i in range(count):
            path = f"/node{i}"
            client.create(path, b"1")
            require(client.get(path)[0] == b"1", path)
            client.set(path, b"2")
            require(client.exists(path).version == 1, path)
            require(client.exists("/nothing") is None, "/nothing")
            client.delete(path)


def errors(address, count):
    with session(address) as client:
        client.create("/there")
        client.create("/there/below")
        for _ in range(count):
            fails(exceptions.NoNodeError, client.get, "/nothing")
            fails(exceptions.NodeExistsError, client.create, "/there")
            fails(exceptions.BadVersionError, client.set, "/there", b"x", version=7)
            fails(exceptions.NotEmptyError, client.delete, "/there")


def lists(address, count):
    with session(address) as client:
        client.create("/list")
        for i in range(count):
            client.create(f"/list/{i:04}", include_data=True)
            require(len(client.get_children("/list")) == i + 1, i)
            require(len(client.get_children("/list", include_data=True)[0]) == i + 1, i)


def rights(address, count):
    with session(address) as client:
        client.add_auth("digest", "app:swordfish")
        client.create("/rights")
        for _ in range(count):
            client.set_acls("/rights", OPEN_ACL_UNSAFE)
            require(client.get_acls("/rights")[0] == OPEN_ACL_UNSAFE, "/rights")
            client.sync("/rights")


def together(address, count):
    """Transactions: one that is done, and one that is refused as a whole."""
    with session(address) as client:
        client.create("/taken")
        for i in range(count):
            fine = client.transaction()
            fine.create(f"/multi{i}", b"x" * 100)
            fine.set_data(f"/multi{i}", b"y")
            fine.check(f"/multi{i}", 1)
            fine.delete(f"/multi{i}")
            require(not any(isinstance(x, Exception) for x in fine.commit()),
                    "a transaction failed")
            refused = client.transaction()
            refused.create(f"/refused{i}")
            refused.create("/taken")
            require(isinstance(refused.commit()[1], exceptions.NodeExistsError), "it was done")


def watches(address, count):
    """Each node is watched thrice; that a watch fires is no request."""
    fired = threading.Semaphore(0)

    def fire(_):
        fired.release()

    with session(address) as watcher, session(address) as other:
        other.create("/watched")
        for _ in range(count):
            watcher.get("/watched", watch=fire)
            watcher.exists("/watched/born", watch=fire)
            watcher.get_children("/watched", watch=fire)
            other.set("/watched", b"x")
            other.create("/watched/born")
            for _ in range(3):
                require(fired.acquire(timeout=SECONDS), "a watch did not fire")
            other.delete("/watched/born")


def big(address, count):
    with session(address) as client:
        client.create("/big")
        for _ in range(count):
            client.set("/big", BIG)
            require(client.get("/big")[0] == BIG, "/big is another")


def pipelined(address, count):
    """All are asked before the first answer is waited for."""
    with session(address) as client:
        client.create("/many")
        asked = [client.create_async(f"/many/{i}", b"x") for i in range(count)]
        asked += [client.get_async("/many/nothing") for _ in range(count)]
        failed = 0
        for answer in asked:
            try:
                answer.get(timeout=SECONDS)
            except exceptions.NoNodeError:
                failed += 1
        require(failed == count, f"{failed} failed")


def concurrent(address, count):
    """Eight sessions at once."""
    def one(name):
        with session(address) as client:
            client.create(f"/own{name}", ephemeral=True)
            for _ in range(count):
                client.set(f"/own{name}", b"x")

    at_once(one)


def connect_frame(session_id):
    body = struct.pack(">iqiqi16s?", 0, 0, 10000, session_id, 16, b"p" * 16, False)
    return struct.pack(">i", len(body)) + body


def read_frame(stream):
    length, = struct.unpack(">i", stream.read(4))
    return stream.read(length)


def expired(address, count):
    """A session that the server does not know is over."""
    for _ in range(count):
        with socket.create_connection(address, timeout=SECONDS) as connection:
            stream = connection.makefile("rb")
            connection.sendall(connect_frame(0x1234567))
            timeout = struct.unpack_from(">i", read_frame(stream), 4)[0]
            require(timeout == 0, f"a session of {timeout} ms")


def ready(address, count):
    for _ in range(count):
        with socket.create_connection(address, timeout=SECONDS) as connection:
            stream = connection.makefile("rb")
            connection.sendall(connect_frame(0))
            read_frame(stream)
            connection.sendall(struct.pack(">iii", 8, 1, -11))
            require(struct.unpack_from(">i", read_frame(stream))[0] == 1, "no end")


def words(address, count):
    """What is no request: a word of four letters."""
    for _ in range(count):
        with socket.create_connection(address, timeout=SECONDS) as connection:
            connection.sendall(b"ruok")
            require(connection.makefile("rb").read() == b"imok", "it is not ok")


MODES = {x.__name__: x for x in (nodes, errors, lists, rights, together, watches, big, pipelined,
                                 concurrent, expired, ready, words)}

if __name__ == "__main__":
    run(MODES)
