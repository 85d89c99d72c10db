# SPDX-License-Identifier: Apache-2.0
"""The program under test: as an agent, as a trace that runs, as a command that ends."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import urllib.error
import urllib.request

from tests.e2e.harness.metrics import Metrics
from tests.e2e.harness.processes import Child, run
from tests.e2e.harness.waiting import wait_until

READY_SECONDS = 20
# Everything ends within this after SIGTERM.
END_SECONDS = 2


def troupe_path():
    path = os.environ.get("TROUPE", "")
    if not path:
        raise AssertionError("set TROUPE to the built binary: TROUPE=/path/to/troupe")
    if not os.access(path, os.X_OK):
        raise AssertionError(f"TROUPE={path}: no such executable; build it with ./dev build")
    return pathlib.Path(path).resolve()


def clean_environment():
    """Ours, without settings for troupe that somebody may have exported."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TROUPE_")}


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run_troupe(*arguments, seconds=30):
    """Runs a command to its end; returns the CompletedProcess."""
    return run([troupe_path(), *arguments], check=False, seconds=seconds, env=clean_environment())


def runtime_sockets(docker_socket, containerd_socket):
    """The flags that name the runtimes; without sockets no runtime is asked at all."""
    if docker_socket is None and containerd_socket is None:
        return ["--runtimes-off"]
    return ["--docker-socket", docker_socket, "--containerd-socket", containerd_socket]


class Agent:
    """troupe agent with its endpoint on a free port of the loopback address."""

    def __init__(self, logs, *, docker_socket, containerd_socket, options=(), env=None):
        """`env` is added to the environment."""
        self.logs = logs
        self.env = env or {}
        self.port = free_port()
        self.options = ["--listen", f"127.0.0.1:{self.port}",
                        *runtime_sockets(docker_socket, containerd_socket), *options]
        self.child = None

    def start(self):
        self.child = Child("agent", [troupe_path(), "agent", *self.options], self.logs,
                           env=clean_environment() | self.env)
        wait_until(self.ready, READY_SECONDS, "/readyz to say yes")
        return self

    def ready(self):
        self.child.check_running()
        return self.get("/readyz")[0] == 200

    def get(self, path):
        """(status, body); status 0 when nobody answers, or not to the end."""
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
            return 0, ""

    def scrape_text(self):
        self.child.check_running()
        status, body = self.get("/metrics")
        if status != 200:
            raise AssertionError(f"/metrics answered {status}: {body}")
        return body

    def scrape(self):
        return Metrics(self.scrape_text())

    def wait_for(self, condition, seconds, what):
        """Scrapes until condition(metrics) is true; returns that scrape. `what` is a text, or a
        function that makes it of the last scrape."""
        text, last = "", None

        def holds():
            nonlocal text, last
            text = self.scrape_text()
            last = Metrics(text)
            return condition(last)

        wait_until(holds, seconds, lambda: f"{what(last) if callable(what) else what}; "
                                           f"the last scrape:\n{_telling(text)}")
        return last

    def terminate(self):
        """SIGTERM; returns the exit code, and fails when it takes longer than promised."""
        self.child.send(signal.SIGTERM)
        return self.child.wait(END_SECONDS)


def _telling(text):
    """What containers did, and why some of it may be missing."""
    missing = ("troupe_events_lost_total", "troupe_payload_")
    return "\n".join(line for line in text.splitlines() if line.startswith("container_")
                     or (line.startswith(missing) and not line.endswith(" 0")))


class Trace:
    """troupe trace, read while it runs."""

    def __init__(self, logs, kind, *, docker_socket, containerd_socket, output="json",
                 options=()):
        self.child = Child(f"trace-{kind}",
                           [troupe_path(), "trace", kind, "-o", output,
                            *runtime_sockets(docker_socket, containerd_socket), *options],
                           logs, env=clean_environment())
        self._read = 0
        self._events = []

    def events(self):
        """Every event so far; a line is an object, complete or not yet there."""
        self.child.check_running()
        return self._read_events()

    def seen(self):
        """What events() would say, also after the end."""
        return self._read_events()

    def finish(self):
        """SIGINT, as a person ends it; returns (exit code, events, stderr)."""
        self.child.send(signal.SIGINT)
        code = self.child.wait(END_SECONDS + 3)
        return code, self._read_events(), self.child.stderr()

    def _read_events(self):
        with open(self.child.stdout_path, "rb") as file:
            file.seek(self._read)
            text = file.read()
        complete = text[:text.rfind(b"\n") + 1]
        self._read += len(complete)
        self._events += [json.loads(line) for line in complete.splitlines()]
        return self._events
