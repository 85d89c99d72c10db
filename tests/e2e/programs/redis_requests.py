# SPDX-License-Identifier: Apache-2.0
"""Commands for Redis in exact numbers: redis_requests.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME or NAME=COUNT. Fails unless every answer is what it must be.
"""

import threading

import redis

from modes import Raw, at_once, check, fail, run

BIG = b"b" * (1 << 20)


def connect(address):
    """A client with one connection."""
    return redis.Redis(*address, single_connection_client=True, socket_timeout=20)


def fails(command, *arguments):
    try:
        command(*arguments)
    except redis.ResponseError:
        return
    fail(f"{arguments} did not fail")


def keep_alive(address, count):
    with connect(address) as client:
        for i in range(count):
            check(client.set(f"key{i % 10}", f"value{i}"))
            check(client.get(f"key{i % 10}"), f"value{i}".encode())
            check(client.get("nothing"), None)


def errors(address, count):
    with connect(address) as client:
        client.set("text", "no list")
        for _ in range(count):
            fails(client.lpush, "text", "x")
            fails(client.execute_command, "NOCOMMAND", "x")


def pipelined(address, count):
    """All in one send."""
    with connect(address) as client:
        pipe = client.pipeline(transaction=False)
        for i in range(count):
            pipe.hset("hash", f"field{i}", i)
            pipe.lpush("text", "x")
        answers = pipe.execute(raise_on_error=False)
    check(sum(isinstance(x, redis.ResponseError) for x in answers), count)
    check(len(answers), 2 * count)


def transactions(address, count):
    """MULTI, two commands, EXEC; then one that is refused as a whole."""
    with connect(address) as client:
        for _ in range(count):
            with client.pipeline() as pipe:
                pipe.incr("counter").incr("text")  # Fails in EXEC, which succeeds.
                check(len(pipe.execute(raise_on_error=False)), 2)
            check(client.execute_command("MULTI"), b"OK")
            fails(client.execute_command, "INCR")
            fails(client.execute_command, "EXEC")


def concurrent(address, count):
    """Eight connections at once."""
    def one(number):
        with connect(address) as client:
            for _ in range(count):
                client.incr("concurrent")

    at_once(one)


def published(address, count):
    """What is published comes to a subscriber, and is an answer to nobody."""
    with connect(address) as client, connect(address) as other:
        subscriber = other.pubsub(ignore_subscribe_messages=False)
        subscriber.subscribe("news", "weather")
        check([next_of(subscriber)["type"] for _ in range(2)], ["subscribe"] * 2)
        for i in range(count):
            check(client.publish("news", f"message {i}"), 1)
            check(next_of(subscriber)["data"], f"message {i}".encode())
        subscriber.unsubscribe()
        check([next_of(subscriber)["type"] for _ in range(2)], ["unsubscribe"] * 2)


def next_of(subscriber):
    return subscriber.get_message(timeout=20)


def big(address, count):
    with connect(address) as client:
        for _ in range(count):
            check(client.set("big", BIG))
            check(client.get("big"), BIG)


def blocked(address, count):
    """An answer that comes only once another client has pushed."""
    with connect(address) as client, connect(address) as other:
        for _ in range(count):
            waiter = threading.Thread(target=other.blpop, args=("queue", 20))
            waiter.start()
            client.rpush("queue", "x")
            waiter.join()


class Resp(Raw):
    """RESP as it is."""

    def ask(self, *words):
        self.send(array_of(*words))
        return self.read()

    def read(self):
        """(type, value): errors are values, too."""
        line = self.stream.readline()
        kind, text = chr(line[0]), line[1:-2].decode()
        if kind in "$=!":
            content = None if text == "-1" else self.stream.read(int(text) + 2)[:-2].decode()
            return kind, content
        if kind in "*~>%|":
            count = int(text) * (2 if kind in "%|" else 1)
            return kind, [self.read()[1] for _ in range(count)]
        return kind, text


def array_of(*words):
    text = f"*{len(words)}\r\n" + "".join(f"${len(x)}\r\n{x}\r\n" for x in words)
    return text.encode()


def resp3(address, count):
    with Resp(address) as client, Resp(address) as other:
        check(client.ask("HELLO", "3")[0], "%")
        client.ask("DEL", "map")
        check(client.ask("HSET", "map", "a", "1", "b", "2"), (":", "2"))
        check(client.ask("SUBSCRIBE", "pushes")[0], ">")
        for i in range(count):
            check(client.ask("HGETALL", "map"), ("%", ["a", "1", "b", "2"]))
            check(client.ask("GET", "nothing"), ("_", ""))
            check(client.ask("ZADD", "map", "1", "x")[0], "-")
            check(other.ask("PUBLISH", "pushes", str(i)), (":", "1"))
            check(client.read(), (">", ["message", "pushes", str(i)]))


def inline(address, count):
    """As somebody types it, one after the other and several in one send."""
    with Resp(address) as client:
        for _ in range(count):
            client.send(b"PING\r\n")
            check(client.read(), ("+", "PONG"))
            client.send(b"SET typed 1\r\nGET typed\r\nGET\r\n")
            check([client.read()[0] for _ in range(3)], ["+", "$", "-"])


def monitored(address, count):
    with Resp(address) as client, Resp(address) as other:
        check(client.ask("MONITOR"), ("+", "OK"))
        for _ in range(count):
            check(other.ask("PING"), ("+", "PONG"))
            check('"PING"' in client.read()[1])


def silent(address, count):
    """The client does not want answers to some: nobody knows how they ended."""
    with Resp(address) as client:
        for _ in range(count):
            client.send(array_of("CLIENT", "REPLY", "SKIP") + array_of("INCR", "silent")
                        + array_of("PING"))
            check(client.read(), ("+", "PONG"))


if __name__ == "__main__":
    run(globals())
