# SPDX-License-Identifier: Apache-2.0
"""A docker socket that accepts and never answers, until it is told to pass on to the real one."""

import selectors
import socket
import threading


class FakeDockerSocket:
    def __init__(self, path, real_path):
        self.path = str(path)
        self._real_path = str(real_path)
        self._lock = threading.Lock()
        self._forwarding = False
        self._held = []  # accepted, never to be answered
        self.accepted = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(128)
        self._stop_reader, self._stop_writer = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def forward(self):
        """From now on whoever connects reaches the real daemon; who hung is cut off."""
        with self._lock:
            self._forwarding = True
            for held in self._held:
                held.close()
            self._held.clear()

    def close(self):
        self._stop_writer.close()
        self._acceptor.join(5)
        self._listener.close()
        self._stop_reader.close()
        with self._lock:
            for held in self._held:
                held.close()

    def _accept(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._stop_reader, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._stop_reader in ready:
                    return
                client, _ = self._listener.accept()
                self._take(client)

    def _take(self, client):
        with self._lock:
            self.accepted += 1
            if not self._forwarding:
                self._held.append(client)
                return
        threading.Thread(target=_pass_on, args=(client, self._real_path), daemon=True).start()


def _pass_on(client, real_path):
    """Copies both ways until either end closes."""
    with client, socket.socket(socket.AF_UNIX) as real:
        try:
            real.connect(real_path)
        except OSError:
            return
        answers = threading.Thread(target=_copy, args=(real, client), daemon=True)
        answers.start()
        _copy(client, real)
        answers.join()


def _copy(source, sink):
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The other direction was first.
