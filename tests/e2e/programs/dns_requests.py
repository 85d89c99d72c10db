# SPDX-License-Identifier: Apache-2.0
"""Asks a DNS server in exact numbers: ADDRESS PORT MODE=COUNT ...; fails where an answer is not what
it has to be. Or is one: serve ADDRESS PORT, which fails to answer names of broken.example, and never
answers any other.

MODES says what each mode asks for, once for each COUNT: names of example, of which "web" exists and
"missing" does not.
"""

import itertools
import socket
import struct
import sys
import threading

WAIT_SECONDS = 10
THREADS = 8
AT_ONCE = 20
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
ids = itertools.count(1)


def query(name):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"
    number = next(ids) & 0xffff
    return number, struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">2H", 1, 1)


def check(answer, numbers):
    """It answers one of these, and as its name deserves."""
    number, flags = struct.unpack(">2H", answer[:4])
    expected = {b"web": NOERROR, b"missing": NXDOMAIN}.get(
        answer[13:13 + answer[12]], SERVFAIL if b"\6broken" in answer else None)
    if number not in numbers or not flags & 0x8000 or flags & 0xf != expected:
        raise SystemExit(f"dns_requests: {answer!r} for {numbers}")
    numbers.remove(number)


def ask(send, receive, name):
    number, message = query(name)
    send(message)
    check(receive(4096), [number])


def family_of(address):
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def datagram_socket(family=socket.AF_INET):
    result = socket.socket(family, socket.SOCK_DGRAM)
    result.settimeout(WAIT_SECONDS)
    return result


def connected(address, count, names=("web.example",)):
    for _ in range(count):
        with datagram_socket(family_of(address)) as s:
            s.connect(address)
            for name in names:
                ask(s.send, s.recv, name)


def one_socket(address, count):
    connected(address, 1, ("web.example", "missing.example") * count)


def mapped(address, count):
    connected((f"::ffff:{address[0]}", address[1]), count)


def unconnected(address, count):
    """At an address of its own, so that it is known where it asks from."""
    with datagram_socket() as probe:
        probe.connect(address)
        own = probe.getsockname()[0]
    with datagram_socket() as s:
        s.bind((own, 0))
        for name in ("web.example", "missing.example") * count:
            ask(lambda x: s.sendto(x, address), lambda n: s.recvfrom(n)[0], name)


def messages(address, count):
    """In several parts."""
    with datagram_socket() as s:
        s.connect(address)

        def receive(size):
            parts = [bytearray(20), bytearray(size)]
            count, _, _, _ = s.recvmsg_into(parts)
            return b"".join(parts)[:count]

        for _ in range(count):
            ask(lambda x: s.sendmsg([x[:5], x[5:12], x[12:]]), receive, "web.example")


def at_once(address, count):
    for _ in range(count):
        with datagram_socket() as s:
            s.connect(address)
            numbers = []
            for _ in range(AT_ONCE):
                number, message = query("web.example")
                numbers.append(number)
                s.send(message)
            while numbers:
                check(s.recv(4096), numbers)


def concurrent(address, count):
    threads = [threading.Thread(target=connected, args=(address, count)) for _ in range(THREADS)]
    for x in threads:
        x.start()
    for x in threads:
        x.join()


def read_exactly(s, size):
    result = b""
    while len(result) < size:
        more = s.recv(size - len(result))
        if not more:
            raise SystemExit("dns_requests: the server hung up")
        result += more
    return result


def over_tcp(address, count, send):
    with socket.create_connection(address, timeout=WAIT_SECONDS) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        numbers = []
        for name in ("web.example", "missing.example") * count:
            number, message = query(name)
            numbers.append(number)
            send(s, struct.pack(">H", len(message)) + message)
        while numbers:
            check(read_exactly(s, struct.unpack(">H", read_exactly(s, 2))[0]), numbers)


def tcp(address, count):
    over_tcp(address, count, lambda s, x: s.sendall(x))


def dribbled(address, count):
    def send(s, message):
        for byte in message:
            s.sendall(bytes([byte]))
    over_tcp(address, count, send)


def broken(address, count):
    connected(address, count, ("name.broken.example",))


def unanswered(address, count):
    with datagram_socket(family_of(address)) as s:
        s.connect(address)
        for _ in range(count):
            s.send(query("silent.example")[1])


def serve(address):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as s:
        s.bind(address)
        while True:
            message, client = s.recvfrom(4096)
            if b"\6broken" in message:
                s.sendto(message[:2] + struct.pack(">H", 0x8180 | SERVFAIL) + message[4:], client)


WEB, MISSING = ("A web.example", "ok", NOERROR), ("A missing.example", "failed", NXDOMAIN)
MODES = {
    "connected": (connected, {WEB: 1}),
    "one_socket": (one_socket, {WEB: 1, MISSING: 1}),
    "mapped": (mapped, {WEB: 1}),
    "unconnected": (unconnected, {WEB: 1, MISSING: 1}),
    "messages": (messages, {WEB: 1}),
    "at_once": (at_once, {WEB: AT_ONCE}),
    "concurrent": (concurrent, {WEB: THREADS}),
    "tcp": (tcp, {WEB: 1, MISSING: 1}),
    "dribbled": (dribbled, {WEB: 1, MISSING: 1}),
    "broken": (broken, {("A name.broken.example", "failed", SERVFAIL): 1}),
    "unanswered": (unanswered, {("A silent.example", "unknown", None): 1}),
}

if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve((sys.argv[2], int(sys.argv[3])))
    for argument in sys.argv[3:]:
        mode, _, times = argument.partition("=")
        MODES[mode][0]((sys.argv[1], int(sys.argv[2])), int(times))
