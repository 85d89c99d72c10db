# SPDX-License-Identifier: Apache-2.0
"""As much of docker's API as the agent asks: version, list, inspect, events."""

import contextlib
import http.server
import json
import os
import queue
import socketserver
import sys
import threading
import urllib.parse

IMAGE_DIGEST = f"sha256:{'0' * 64}"


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
    docker = None

    def handle_error(self, request, client_address):
        """An agent may end in the middle of anything."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class SimulatedDocker:
    def __init__(self, path):
        self.path = str(path)
        self._lock = threading.Lock()
        self._containers = {}  # id -> (name, pid, labels)
        self._streams = set()
        self._server = _Server(self.path, _Handler)
        self._server.docker = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def add(self, container_id, name, pid, labels=None):
        labels = labels or {}
        with self._lock:
            self._containers[container_id] = (name, pid, labels)
        for action in ("create", "start"):
            self._tell(action, container_id, name, **labels)

    def remove(self, container_id):
        with self._lock:
            name, _, labels = self._containers.pop(container_id)
        self._tell("die", container_id, name, exitCode="0", **labels)
        self._tell("destroy", container_id, name, **labels)

    def listing(self):
        with self._lock:
            return [{"Id": container_id, "Names": [f"/{name}"], "Image": "simulated:1",
                     "ImageID": IMAGE_DIGEST, "Created": 1700000000, "State": "running",
                     "Labels": labels}
                    for container_id, (name, _, labels) in self._containers.items()]

    def inspect(self, container_id):
        with self._lock:
            found = self._containers.get(container_id)
        if found is None:
            return None
        name, pid, labels = found
        return {"Id": container_id, "Name": f"/{name}", "Image": IMAGE_DIGEST,
                "Created": "2023-11-14T22:13:20Z", "RestartCount": 0,
                "State": {"Status": "running", "Pid": pid, "ExitCode": 0, "OOMKilled": False,
                          "StartedAt": "2023-11-14T22:13:20Z",
                          "FinishedAt": "0001-01-01T00:00:00Z"},
                "Config": {"Image": "simulated:1", "Labels": labels}}

    def close(self):
        with self._lock:
            for stream in self._streams:
                stream.put(None)
        self._server.shutdown()
        self._server.server_close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _tell(self, action, container_id, name, **attributes):
        event = {"Type": "container", "Action": action, "time": 1700000000,
                 "Actor": {"ID": container_id,
                           "Attributes": {"name": name, "image": "simulated:1", **attributes}}}
        with self._lock:
            for stream in self._streams:
                stream.put(event)

    @contextlib.contextmanager
    def stream(self):
        events = queue.SimpleQueue()
        with self._lock:
            self._streams.add(events)
        try:
            yield events
        finally:
            with self._lock:
                self._streams.discard(events)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        docker = self.server.docker
        path = urllib.parse.urlsplit(self.path).path
        if path == "/version":
            self._answer(200, {"Version": "20.10.24", "ApiVersion": "1.41"})
        elif path == "/containers/json":
            self._answer(200, docker.listing())
        elif path == "/events":
            self._stream(docker)
        else:
            found = docker.inspect(path.removeprefix("/containers/").removesuffix("/json"))
            self._answer(200 if found else 404, found or {"message": "No such container"})

    def log_message(self, *_):
        """A test's output is no place for an access log."""

    def _answer(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _stream(self, docker):
        with docker.stream() as events:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with contextlib.suppress(OSError):  # Until the agent goes.
                while (event := events.get()) is not None:
                    line = json.dumps(event).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.close_connection = True
