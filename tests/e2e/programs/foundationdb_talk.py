# SPDX-License-Identifier: Apache-2.0
"""Both ends of FoundationDB's FlowTransport, with messages made by hand:

    foundationdb_talk.py serve PORT
    foundationdb_talk.py ask ADDRESS PORT MODE=COUNT...

Runs in a container. No client or server of FoundationDB can be had from the registries that tests
use: these two say what its sources (fdbrpc/FlowTransport, flow/flat_buffers.h) say they would.
"""

import socket
import struct
import sys
import threading

CONNECT = struct.pack("<IQHQIH16x", 40, 0x1FDB00B073000000, 4500, 77, 0x7F000001, 0)
HEAD = struct.Struct("<IQ16s")  # Length, checksum, token; then the message.
CHECKSUM = 0x1122334455667788  # Nobody of ours looks at it.
GET_READ_VERSION, GET_VALUE, COMMIT, PING = 838566, 8454530, 93948, 4707015
VOID = 2010442
REPLIES = {GET_READ_VERSION: 15709388, GET_VALUE: 1378929, COMMIT: 14254927, PING: VOID}
ERROR_OR = 2 << 24
PING_ENDPOINT = struct.pack("<QQ", 2**64 - 1, 1)
ENDPOINT = struct.pack("<QQ", 0xABCDEF01, 0x1234567800000007)  # An odd first number: for requests.
CONFLICT, WRONG_SHARD = 1020, 1001
PIPELINED = 16


def message(type_, lists, tables):
    """Lists of places, then tables: (its list, fields, [(place, table referred to)])."""
    lists_at, body = [], b""
    for places in lists:
        lists_at.append(8 + len(body))
        body += struct.pack(f"<{len(places)}H", *places)
    body += b"\0" * (-len(body) % 8)
    tables_at, at = [], 8 + len(body)
    for _, fields, _ in tables:
        tables_at.append(at)
        at += (4 + len(fields) + 7) // 8 * 8
    said = struct.pack("<II", 8 + len(body), type_) + body
    for (places, fields, refers), begin in zip(tables, tables_at):
        table = bytearray(struct.pack("<i", begin - lists_at[places]) + fields)
        for place, to in refers:
            struct.pack_into("<I", table, place, tables_at[to] - begin - place)
        said += bytes(table) + b"\0" * (-len(table) % 8)
    return said


def request(type_, reply, key):
    """The key, a version, no tags, where to answer to, and a span."""
    return message(type_, [(6, 8, 4), (16, 41, 28, 20, 40, 32, 36, 4), (6, 20, 4)], [
        (0, bytes(4), [(4, 1)]),
        (1, bytes(16) + struct.pack("<Q", 4711) + bytes(13), [(28, 3), (36, 2)]),
        (2, reply, []),
        (2, key, []),
    ])


def error_table(code):
    return (1, struct.pack("<H", code), [])


def failure(type_, code):
    return message(ERROR_OR | type_, [(8, 9, 8, 4), (6, 6, 4)],
                   [(0, bytes(4) + b"\1", [(4, 1)]), error_table(code)])


def value(type_, code=0, size=32):
    """Of a storage server it may have an error beside its value."""
    return message(ERROR_OR | type_, [(8, 9, 8, 4), (6, 6, 4), (12, 22, 4, 20, 12, 16)], [
        (0, bytes(4) + b"\2", [(4, 1)]),
        (2, bytes(16) + struct.pack("<H", 1 if code else 0), [(12, 2)] if code else []),
        error_table(code),
    ]) + b"v" * size


def packet(token, said):
    return HEAD.pack(len(token) + len(said), CHECKSUM, token) + said


def read_exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def read_packet(stream):
    length, _, token = HEAD.unpack(read_exactly(stream, HEAD.size))
    return token, read_exactly(stream, length - len(token))


def answer(type_, key):
    if key.startswith(b"conflict"):
        return failure(REPLIES[type_], CONFLICT)
    if key.startswith(b"elsewhere"):
        return value(REPLIES[type_], WRONG_SHARD)
    return value(REPLIES[type_], size=(1 << 20) if key.startswith(b"big") else 32)


def serve_one(client):
    with client, client.makefile("rb") as stream:
        try:
            read_exactly(stream, len(CONNECT))
            client.sendall(CONNECT)  # Not before: it answers in the client's version.
            while True:
                _, said = read_packet(stream)
                type_ = struct.unpack_from("<I", said, 4)[0]
                root = struct.unpack_from("<I", said)[0]
                # As request() puts them: two tables, then where to answer to, then the key.
                reply = root + 8 + 48 + 4
                key = said[reply + 16 + 4 + 4:]
                client.sendall(packet(said[reply:reply + 16], answer(type_, key)))
        except (EOFError, ConnectionError):
            pass


def serve(port):
    with socket.create_server(("0.0.0.0", port), backlog=64) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve_one, args=(client,), daemon=True).start()


class Caller:
    def __init__(self, address, port):
        self.address = (address, port)
        self.asked = 0

    def _reply_token(self):
        self.asked += 1
        return struct.pack("<QQ", self.asked << 8, 0x99)

    def _talk(self, rows):
        """Each row is one send: requests whose answers are waited for before the next."""
        with socket.create_connection(self.address) as server, server.makefile("rb") as stream:
            server.sendall(CONNECT)
            read_exactly(stream, len(CONNECT))
            for row in rows:
                waiting, said = set(), b""
                for type_, key in row:
                    reply = self._reply_token()
                    waiting.add(reply)
                    said += packet(PING_ENDPOINT if type_ == PING else ENDPOINT,
                                   request(type_, reply, key))
                server.sendall(said)
                while waiting:
                    waiting.remove(read_packet(stream)[0])

    def transactions(self, count):
        self._talk([[(GET_READ_VERSION, b"-")], [(GET_VALUE, b"cart")], [(COMMIT, b"cart")],
                    [(PING, b"-")]] * count)

    def pipelined(self, count):
        self._talk([[(GET_VALUE, b"cart")] * PIPELINED] * count)

    def errors(self, count):
        self._talk([[(COMMIT, b"conflict")], [(GET_VALUE, b"elsewhere")]] * count)

    def big(self, count):
        self._talk([[(COMMIT, b"big" + b"x" * (1 << 20))], [(GET_VALUE, b"big")]] * count)

    def concurrent(self, count):
        callers = [Caller(*self.address) for _ in range(4)]
        threads = [threading.Thread(target=x.transactions, args=(count,)) for x in callers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def main(what, *arguments):
    if what == "serve":
        serve(int(arguments[0]))
    caller = Caller(arguments[0], int(arguments[1]))
    for mode in arguments[2:]:
        name, _, count = mode.partition("=")
        getattr(caller, name)(int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
