# SPDX-License-Identifier: Apache-2.0
"""Commands for memcached in exact numbers: memcached_requests.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME or NAME=COUNT. Fails unless every answer is what it must be.
pymemcache speaks the text protocol, pylibmc the binary one; the meta commands are written by hand.
"""

import contextlib

import pylibmc
import pymemcache
import pymemcache.exceptions

from modes import Raw, at_once, check, fail, run

BIG = b"b" * (1 << 20)


class Lines(Raw):
    def line(self):
        return self.stream.readline()

    def ask(self, command):
        self.send(command)
        return self.line()


def text_client(address):
    return contextlib.closing(pymemcache.Client(address, timeout=20, default_noreply=False,
                                                no_delay=True))


def text(address, count):
    with text_client(address) as client:
        for i in range(count):
            check(client.set("key", f"value{i}"))
            check(client.get("key"), f"value{i}".encode())
            check(client.get("nothing"), None)
            check(client.add("key", "x"), False)
            check(client.get_many(["key", "nothing", "number"]).keys() >= {"key"})
            check(client.set("number", 1))
            check(client.incr("number", 2), 3)
            value, token = client.gets("key")
            check(client.cas("key", "y", token))
            check(client.cas("key", "z", token), False)
            check(client.touch("key", 100))
            check(client.delete("number"))
            check(client.delete("number"), False)


def errors(address, count):
    """A number that is none, what is too large, and what nobody knows."""
    with text_client(address) as client:
        client.set("text", "x")
        for _ in range(count):
            fails(client.incr, "text", 1)
            fails(client.set, "large", b"x" * (2 << 20))
    with Lines(address) as raw:
        check(raw.ask(b"version\r\n")[:8], b"VERSION ")
        for _ in range(count):
            check(raw.ask(b"nonsense\r\n"), b"ERROR\r\n")


def fails(call, *arguments):
    try:
        call(*arguments)
    except pymemcache.exceptions.MemcacheError:
        return
    fail(f"{str(arguments)[:100]} did not fail")


def silent(address, count):
    """Pipelined, and no answers wanted; the last command shows that all were done."""
    with text_client(address) as client:
        for i in range(count):
            check(client.set_many({f"key{x}": str(i) for x in range(10)}, noreply=True), [])
        check(client.get("key9"), str(count - 1).encode())


def pipelined(address, count):
    """All commands in one send."""
    with Lines(address) as raw:
        raw.send(b"".join(b"set key%d 0 0 1\r\nx\r\nget key%d\r\n" % (i, i)
                          for i in range(count)))
        for i in range(count):
            check(raw.line(), b"STORED\r\n")
            check([raw.line() for _ in range(3)], [b"VALUE key%d 0 1\r\n" % i, b"x\r\n", b"END\r\n"])


def binary_client(address):
    return pylibmc.Client([f"{address[0]}:{address[1]}"], binary=True,
                          behaviors={"tcp_nodelay": True})


def binary(address, count):
    client = binary_client(address)
    for i in range(count):
        check(client.set("key", f"value{i}"))
        check(client.get("key"), f"value{i}")
        check(client.get("nothing"), None)
        check(client.set("number", "1"))
        check(client.incr("number", 2), 3)
        check(client.delete("number"))
        check(client.delete("number"), False)
    client.disconnect_all()


def quiet(address, count):
    """Many keys at once: gets that say nothing of a miss, and a noop that ends them."""
    client = binary_client(address)
    client.set("here", "x")
    for _ in range(count):
        check(client.get_multi(["here", "gone", "lost"]), {"here": "x"})
    client.disconnect_all()


def meta(address, count):
    with Lines(address) as raw:
        for _ in range(count):
            check(raw.ask(b"ms metakey 2 T100\r\nxy\r\n"), b"HD\r\n")
            check(raw.ask(b"mg metakey v\r\n"), b"VA 2\r\n")
            check(raw.line(), b"xy\r\n")
            check(raw.ask(b"mg nothing v\r\n"), b"EN\r\n")
            # Two that say nothing: a miss that nobody wants to hear of, and what went well.
            check(raw.ask(b"mg nothing v q\r\nms other 1 q\r\nz\r\nmn\r\n"), b"MN\r\n")
            check(raw.ask(b"md metakey\r\n"), b"HD\r\n")
            check(raw.ask(b"ma metakey\r\n"), b"NF\r\n")
            check(raw.ask(b"ms metakey bad\r\n")[:12], b"CLIENT_ERROR")


def big(address, count):
    for _ in range(count):
        with text_client(address) as client:
            check(client.set("big", BIG))
            check(client.get("big"), BIG)
            check(client.get_many(["big", "nothing"]), {"big": BIG})


def concurrent(address, count):
    """Eight connections at once."""
    def one(number):
        with text_client(address) as client:
            for _ in range(count):
                client.set("concurrent", "x")

    at_once(one)


if __name__ == "__main__":
    run(globals())
