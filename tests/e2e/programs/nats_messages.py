# SPDX-License-Identifier: Apache-2.0
"""Messages over NATS in exact numbers: nats_messages.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME or NAME=COUNT. Fails unless every message arrives, and every
error that has to come.
"""

import asyncio
import socket

from modes import fail, require, run

USER, PASSWORD = "app", "swordfish"
BIG = b"b" * (1 << 20)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SECONDS = 20


class Client:
    """A connection of NATS' own client, with the errors that the server told."""

    def __init__(self, address, **options):
        self.address = address
        self.options = options
        self.errors = asyncio.Queue()

    async def __aenter__(self):
        import nats  # "ready" does without.

        async def keep(error):
            await self.errors.put(error)

        self.nats = await nats.connect("nats://%s:%d" % self.address, user=USER, password=PASSWORD,
                                       error_cb=keep, allow_reconnect=False, **self.options)
        return self

    async def __aexit__(self, *_):
        await self.nats.close()

    async def subscribe(self, subject):
        subscription = await self.nats.subscribe(subject)
        await self.nats.flush(SECONDS)
        return subscription

    async def next_error(self):
        return str(await asyncio.wait_for(self.errors.get(), SECONDS))


async def receive(subscription, count, data=None):
    for _ in range(count):
        message = await subscription.next_msg(SECONDS)
        require(data is None or message.data == data, f"{len(message.data)} bytes arrived")
    return message


async def publish(address, count, verbose, subject="orders.new"):
    """One after the other: each is flushed."""
    async with Client(address, verbose=verbose) as client:
        orders = await client.subscribe(subject)
        for _ in range(count):
            await client.nats.publish(subject, b"a book")
            await client.nats.flush(SECONDS)
        await receive(orders, count, b"a book")


async def quiet(address, count):
    await publish(address, count, False)


async def verbose(address, count):
    await publish(address, count, True)


async def together(address, count):
    """The client gathers them, and writes many at once."""
    async with Client(address, verbose=True) as client:
        many = await client.subscribe("many")
        for i in range(count):
            await client.nats.publish("many", b"%d" % i)
        await client.nats.flush(SECONDS)
        await receive(many, count)


async def requests(address, count):
    async with Client(address) as server, Client(address) as client:
        async def answer(message):
            await message.respond(b"in stock: " + message.data)

        await server.nats.subscribe("stock", cb=answer)
        await server.nats.flush(SECONDS)
        for _ in range(count):
            message = await client.nats.request("stock", b"books", timeout=SECONDS)
            require(message.data == b"in stock: books", message)


async def nobody(address, count):
    """Requests that nobody is there for: the server says so, in a message without content."""
    import nats.errors
    async with Client(address) as client:
        for _ in range(count):
            try:
                await client.nats.request("nobody", b"?", timeout=SECONDS)
            except nats.errors.NoRespondersError:
                continue
            fail("somebody answered")


async def headers(address, count):
    async with Client(address, verbose=True) as client:
        traced = await client.subscribe("traced")
        for _ in range(count):
            await client.nats.publish("traced", b"x" * 100, headers={"traceparent": TRACEPARENT})
        message = await receive(traced, count)
        require(message.headers["traceparent"] == TRACEPARENT, message.headers)


async def big(address, count):
    async with Client(address, verbose=True) as client:
        pictures = await client.subscribe("pictures")
        for _ in range(count):
            await client.nats.publish("pictures", BIG)
            await receive(pictures, 1, BIG)


async def everyone(address, count):
    """Four subscribers, and two of which one gets each message."""
    async with Client(address) as one, Client(address) as other, Client(address) as sender:
        subscriptions = [await client.subscribe("news.>") for client in (one, one, other, other)]
        work = [await client.nats.subscribe("news.>", queue="workers") for client in (one, other)]
        for client in (one, other):
            await client.nats.flush(SECONDS)
        for _ in range(count):
            await sender.nats.publish("news.today", b"...")
            await sender.nats.flush(SECONDS)
        for subscription in subscriptions:
            await receive(subscription, count)
        for client in (one, other):
            await client.nats.flush(SECONDS)
        require(sum(x.pending_msgs for x in work) == count, [x.pending_msgs for x in work])


async def concurrent(address, count):
    """Eight connections at once."""
    await asyncio.gather(*(publish(address, count, True, f"orders.{i}") for i in range(8)))


async def denied_quiet(address, count):
    async with Client(address) as client:
        for _ in range(count):
            await client.nats.publish("secret.plan", b"hush")
            require("permissions violation for publish" in (await client.next_error()).lower(), "")


async def denied(address, count):
    async with Client(address, verbose=True) as client:
        for _ in range(count):
            await client.nats.publish("secret.plan", b"hush")
            require("permissions violation for publish" in (await client.next_error()).lower(), "")


async def hidden(address, count):
    """Subscribing is no message, and that it fails is no message's failure."""
    async with Client(address, verbose=True) as client:
        for _ in range(count):
            await client.nats.subscribe("hidden.door")
            require("permissions violation for sub" in (await client.next_error()).lower(), "")


def by_hand(address, options, lines, complaint, taken):
    """Says `lines` in one send, and reads until the server has answered the PING behind them: so
    many are taken. The server may complain twice of one."""
    with socket.create_connection(address, timeout=SECONDS) as connection:
        stream = connection.makefile("rb")
        require(stream.readline().startswith(b"INFO {"), "no greeting")
        connect = b'CONNECT {%s,"user":"%s","pass":"%s"}\r\n' % (options, USER.encode(),
                                                                PASSWORD.encode())
        connection.sendall(connect + lines + b"PING\r\n")
        said = b""
        while not said.endswith(b"PONG\r\n"):
            line = stream.readline()
            require(line, f"the server ended with {said}")
            said += line
        require(complaint in said, said)
        require(said.replace(complaint, b"") == b"+OK\r\n" * taken + b"PONG\r\n", said)


async def ready(address, count):
    for _ in range(count):
        by_hand(address, b'"verbose":false', b"PUB ready 0\r\n\r\n", b"", 0)


async def pedantic(address, count):
    """A subject with a mistake is complained of, and taken."""
    lines = b"PUB a..b 1\r\nx\r\npub fine 1\r\nx\r\n" * count
    by_hand(address, b'"verbose":true,"pedantic":true', lines,
            b"-ERR 'Invalid Publish Subject'\r\n", 1 + 2 * count)


async def burst(address, count):
    """In one send, far more than one KiB."""
    by_hand(address, b'"verbose":true', b"PUB burst.of.messages 1\r\nx\r\n" * count, b"",
            1 + count)


async def too_big(address, count):
    """Over the server's bound: it says so, and hangs up."""
    for _ in range(count):
        with socket.create_connection(address, timeout=SECONDS) as connection:
            stream = connection.makefile("rb")
            stream.readline()
            connection.sendall(b'CONNECT {"verbose":true,"user":"%s","pass":"%s"}\r\n'
                               b"PUB huge 99999999\r\n" % (USER.encode(), PASSWORD.encode()))
            said = stream.read()
            require(said == b"+OK\r\n-ERR 'Maximum Payload Violation'\r\n", said)


async def refused(address, count):
    """With a wrong password. No message."""
    for _ in range(count):
        with socket.create_connection(address, timeout=SECONDS) as connection:
            stream = connection.makefile("rb")
            stream.readline()
            connection.sendall(b'CONNECT {"verbose":false,"user":"app","pass":"wrong"}\r\n')
            require(stream.read() == b"-ERR 'Authorization Violation'\r\n", "it was let in")


MODES = {x.__name__: x for x in (quiet, verbose, together, requests, nobody, headers, big, everyone,
                                 concurrent, denied_quiet, denied, hidden, ready, pedantic, burst,
                                 too_big, refused)}

if __name__ == "__main__":
    run(MODES)
