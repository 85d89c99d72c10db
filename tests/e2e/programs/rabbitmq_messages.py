# SPDX-License-Identifier: Apache-2.0
"""Messages over RabbitMQ in exact numbers: rabbitmq_messages.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME or NAME=COUNT. Fails unless every message arrives, and every
error that has to come.
"""

import contextlib
import socket

import pika
from pika import exceptions, frame, spec

from modes import at_once, fail, require, run

SECONDS = 20
BIG = b"b" * (1 << 20)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@contextlib.contextmanager
def connection(address, password="guest"):
    settings = pika.ConnectionParameters(
        *address, credentials=pika.PlainCredentials("guest", password), heartbeat=0,
        blocked_connection_timeout=SECONDS, socket_timeout=SECONDS)
    with contextlib.closing(pika.BlockingConnection(settings)) as connected:
        yield connected


@contextlib.contextmanager
def channel(address, confirms):
    with connection(address) as connected:
        opened = connected.channel()
        if confirms:
            opened.confirm_delivery()
        yield opened


def fails(error, code, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except error as raised:
        require(code is None or raised.reply_code == code, raised)
        return
    fail(f"{function} did not fail")


def queue(on, name, **options):
    on.queue_declare(name, auto_delete=False, **options)
    return name


def consume(on, name, count, settle=None):
    """So many messages are delivered; settle(channel, method) says what becomes of each. Without it
    they need no acknowledgement."""
    for method, properties, body in on.consume(name, auto_ack=settle is None,
                                               inactivity_timeout=SECONDS):
        require(method is not None, "no message came")
        if settle:
            settle(on, method)
        count -= 1
        if count == 0:
            break
    on.cancel()
    return properties, body


def plain(address, count):
    """Nobody says what became of them."""
    with channel(address, False) as on:
        queue(on, "plain")
        for _ in range(count):
            on.basic_publish("", "plain", b"a book")
        consume(on, "plain", count)


def confirmed(address, count):
    with channel(address, True) as on:
        queue(on, "confirmed")
        for _ in range(count):
            on.basic_publish("", "confirmed", b"a book", mandatory=True)
        consume(on, "confirmed", count, lambda to, how: to.basic_ack(how.delivery_tag))


def routed(address, count):
    """Through an exchange to two queues, with headers."""
    with channel(address, True) as on:
        on.exchange_declare("shop", "topic")
        for name in ("routed.a", "routed.b"):
            queue(on, name)
            on.queue_bind(name, "shop", "orders.#")
        for _ in range(count):
            on.basic_publish("shop", "orders.new", b"a book", pika.BasicProperties(
                content_type="text/plain", headers={"traceparent": TRACEPARENT}))
        for name in ("routed.a", "routed.b"):
            properties, _ = consume(on, name, count)
            require(properties.headers["traceparent"] == TRACEPARENT, properties)


def refuse(on, method):
    if method.redelivered:
        on.basic_reject(method.delivery_tag, requeue=False)
    else:
        on.basic_nack(method.delivery_tag, requeue=True)


def refused(address, count):
    """By the consumer, once to get it again and once for good: it was delivered both times."""
    with channel(address, True) as on:
        queue(on, "refused")
        for _ in range(count):
            on.basic_publish("", "refused", b"a book")
            consume(on, "refused", 2, refuse)


def fetched(address, count):
    with channel(address, True) as on:
        queue(on, "fetched")
        for _ in range(count):
            on.basic_publish("", "fetched", b"a book")
            require(on.basic_get("fetched", auto_ack=True)[2] == b"a book", "it is another")
            require(on.basic_get("fetched")[0] is None, "there was one more")


def returned(address, count):
    with channel(address, True) as on:
        for _ in range(count):
            fails(exceptions.UnroutableError, None, on.basic_publish, "", "nowhere", b"x",
                  mandatory=True)


def full(address, count):
    """A queue that takes one message, and says no to the others."""
    with channel(address, True) as on:
        queue(on, "full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        on.basic_publish("", "full", b"x")
        for _ in range(count):
            fails(exceptions.NackError, None, on.basic_publish, "", "full", b"x")


def no_exchange(address, count):
    for _ in range(count):
        with channel(address, True) as on:
            fails(exceptions.ChannelClosedByBroker, 404, on.basic_publish, "nothing", "key", b"x")


def no_exchange_plain(address, count):
    """It is told on the next occasion."""
    for _ in range(count):
        with channel(address, False) as on:
            on.basic_publish("nothing", "key", b"x")
            fails(exceptions.ChannelClosedByBroker, 404, on.basic_qos, prefetch_count=1)


def no_queue(address, count):
    with connection(address) as connected:
        for _ in range(count):
            fails(exceptions.ChannelClosedByBroker, 404, connected.channel().queue_declare,
                  "missing", passive=True)
            fails(exceptions.ChannelClosedByBroker, 404, connected.channel().basic_consume,
                  "missing", print)
            fails(exceptions.ChannelClosedByBroker, 404, connected.channel().basic_get, "missing")


def big(address, count):
    with channel(address, True) as on:
        queue(on, "big")
        for _ in range(count):
            on.basic_publish("", "big", BIG)
            require(consume(on, "big", 1)[1] == BIG, "it is another")


def transacted(address, count):
    with channel(address, False) as on:
        queue(on, "transacted")
        on.tx_select()
        for _ in range(count):
            on.basic_publish("", "transacted", b"x")
        on.tx_commit()
        consume(on, "transacted", count)


def channels(address, count):
    """Many on one connection, in turn."""
    with connection(address) as connected:
        opened = [connected.channel() for _ in range(8)]
        for i, on in enumerate(opened):
            queue(on, f"channel{i}")
            if i % 2:
                on.confirm_delivery()
        for _ in range(count):
            for i, on in enumerate(opened):
                on.basic_publish("", f"channel{i}", b"x")
        for i, on in enumerate(opened):
            consume(on, f"channel{i}", count)


def concurrent(address, count):
    """Eight connections at once."""
    def one(number):
        name = f"concurrent{number}"
        with channel(address, True) as on:
            queue(on, name)
            for _ in range(count):
                on.basic_publish("", name, b"x")
            consume(on, name, count)

    at_once(one)


def wrong_password(address, count):
    """No message."""
    for _ in range(count):
        fails(exceptions.ProbableAuthenticationError, None, connection(address, "wrong").__enter__)


class ByHand:
    """A connection with one channel; what is said is put together here."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=SECONDS)
        self.received = b""
        self.socket.sendall(b"AMQP\0\0\x09\x01")
        self.wait_for(spec.Connection.Start)
        self.say(0, spec.Connection.StartOk(client_properties={}, mechanism="PLAIN",
                                            response="\0guest\0guest", locale="en_US"))
        self.wait_for(spec.Connection.Tune)
        self.say(0, spec.Connection.TuneOk(channel_max=8, frame_max=131072, heartbeat=0))
        self.say(0, spec.Connection.Open())
        self.wait_for(spec.Connection.OpenOk)
        self.say(1, spec.Channel.Open())
        self.wait_for(spec.Channel.OpenOk)

    def say(self, number, method):
        self.socket.sendall(frame.Method(number, method).marshal())

    def next_method(self):
        while True:
            length, found = frame.decode_frame(self.received)
            self.received = self.received[length:]
            if found is not None:
                return found.method
            data = self.socket.recv(65536)
            require(data, "the server ended")
            self.received += data

    def wait_for(self, kind):
        method = self.next_method()
        require(isinstance(method, kind), method)
        return method

    def close(self):
        self.say(0, spec.Connection.Close(reply_code=200, reply_text="", class_id=0, method_id=0))
        self.wait_for(spec.Connection.CloseOk)
        self.socket.close()


def burst(address, count):
    """In one send, and confirmed together."""
    hand = ByHand(address)
    hand.say(1, spec.Queue.Declare(queue="burst", auto_delete=True))
    hand.wait_for(spec.Queue.DeclareOk)
    hand.say(1, spec.Confirm.Select())
    hand.wait_for(spec.Confirm.SelectOk)
    message = b"".join(x.marshal() for x in (
        frame.Method(1, spec.Basic.Publish(exchange="", routing_key="burst")),
        frame.Header(1, 5, spec.BasicProperties(delivery_mode=1)), frame.Body(1, b"hello")))
    hand.socket.sendall(message * count)
    open_tags = set(range(1, count + 1))
    while open_tags:
        ack = hand.wait_for(spec.Basic.Ack)
        open_tags = {x for x in open_tags if x > ack.delivery_tag} if ack.multiple \
            else open_tags - {ack.delivery_tag}
    hand.close()


def ready(address, count):
    burst(address, count)


MODES = {x.__name__: x for x in (plain, confirmed, routed, refused, fetched, returned, full,
                                 no_exchange, no_exchange_plain, no_queue, big, transacted,
                                 channels, concurrent, wrong_password, burst, ready)}

if __name__ == "__main__":
    run(MODES)
