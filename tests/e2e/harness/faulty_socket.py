# SPDX-License-Identifier: Apache-2.0
"""A runtime's socket that misbehaves in a chosen way, until it is told to pass on to the real one.

A behaviour is a function of one accepted connection and of the real socket's path; it is over when
the function returns, or when the connection is cut because another behaviour was chosen.
"""

import os
import socket
import threading

MEGABYTE = 1 << 20


def hang(client, _):
    """Accepts, and never says a word."""
    while client.recv(1 << 16):
        pass


def answer_garbage(client, _):
    """Says something that is neither HTTP/1 nor HTTP/2 as soon as it is spoken to."""
    client.recv(1 << 16)
    client.sendall(b"\x16\x03\x01\xff\xff\xff SSH-2.0-OpenSSH\r\n\r\n\x00\x00\x00\xff")


def answer_100_megabytes_of_json(client, _):
    """docker: an answer that is right in its head and has no end that anybody would wait for."""
    client.recv(1 << 16)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n[" % (100 * MEGABYTE))
    for _ in range(100):
        client.sendall(b" " * MEGABYTE)


def answer_100_megabytes_of_http2(client, _):
    """containerd: to each call an answer that begins as gRPC's do and goes on for 100 MB."""
    requests = client.makefile("rb")
    requests.read(len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
    client.sendall(_http2_frame(SETTINGS, 0, 0, b""))
    while head := requests.read(9):
        requests.read(int.from_bytes(head[:3], "big"))
        if head[3] == HEADERS:
            _answer_stream(client, int.from_bytes(head[5:9], "big"))


DATA, HEADERS, SETTINGS, END_HEADERS = 0, 1, 4, 4
FRAME_BYTES = 1 << 14


def _http2_frame(kind, flags, stream, content):
    return len(content).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + \
        content


def _answer_stream(client, stream):
    """No window of the client's is respected: nobody who sends 100 MB would."""
    # :status 200 is entry 8 of HPACK's static table; content-type, entry 31, has a value of 16.
    head = b"\x88\x0f\x10\x10application/grpc"
    client.sendall(_http2_frame(HEADERS, END_HEADERS, stream, head))
    # gRPC's own prefix: not compressed, and the length of the message.
    content = b"\x00" + (100 * MEGABYTE).to_bytes(4, "big")
    for _ in range(100 * MEGABYTE // FRAME_BYTES):
        client.sendall(_http2_frame(DATA, 0, stream, content.ljust(FRAME_BYTES, b"\x0a")))
        content = b""


def close_in_mid_answer(client, real_path):
    """Passes the call on, and closes after the first 100 bytes of the real answer."""
    with socket.socket(socket.AF_UNIX) as real:
        real.connect(real_path)
        real.settimeout(10)
        threading.Thread(target=_copy, args=(client, real), daemon=True).start()
        left = 100
        while left and (data := real.recv(left)):
            client.sendall(data)
            left -= len(data)


def pass_on(client, real_path):
    """Copies both ways until either end closes."""
    with socket.socket(socket.AF_UNIX) as real:
        real.connect(real_path)
        answers = threading.Thread(target=_copy, args=(real, client), daemon=True)
        answers.start()
        _copy(client, real)
        answers.join()


class FaultySocket:
    def __init__(self, path, real_path, behaviour=pass_on):
        self.path = str(path)
        self._real_path = str(real_path)
        self._lock = threading.Lock()
        self._behaviour = behaviour
        self._connections = set()
        self._listener = None
        self.accepted = 0
        self.appear()

    def behave(self, behaviour):
        """From now on; whoever is connected is cut off."""
        with self._lock:
            self._behaviour = behaviour
            self._cut_all()

    def appear(self):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(128)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def vanish(self):
        """As a daemon that is stopped: no file, no listener, no connection."""
        os.unlink(self.path)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._listener = None
        with self._lock:
            self._cut_all()

    def close(self):
        if self._listener is not None:
            self.vanish()

    def _cut_all(self):
        for client in self._connections:
            _shut_down(client)

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # It vanished.
            with self._lock:
                self.accepted += 1
                self._connections.add(client)
                behaviour = self._behaviour
            threading.Thread(target=self._serve, args=(client, behaviour), daemon=True).start()

    def _serve(self, client, behaviour):
        try:
            behaviour(client, self._real_path)
        except OSError:
            pass  # Either end is gone: that is what these sockets are for.
        with self._lock:
            self._connections.discard(client)
            _shut_down(client)
            client.close()


def _copy(source, sink):
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        _shut_down(end)


def _shut_down(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # The other direction was first.
