# SPDX-License-Identifier: Apache-2.0
"""troupe events, read line by line with the time at which each line came."""

import calendar
import json
import pathlib
import signal
import subprocess
import threading
import time

from tests.e2e.harness.troupe_agent import END_SECONDS, clean_environment, troupe_path
from tests.e2e.harness.waiting import wait_until

READY_SECONDS = 20


def nanoseconds(text):
    """Unix time of an RFC 3339 text with nine digits of a second and a Z."""
    seconds, fraction = text.removesuffix("Z").split(".")
    return (calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1_000_000_000
            + int(fraction))


class LifeEvents:
    """A running `troupe events -o json`; each event has `read_ns`, when its line was read."""

    def __init__(self, logs, *options, user=()):
        """`user` are setpriv's options for another user than root."""
        self.stderr_path = pathlib.Path(logs) / f"events-{time.monotonic_ns()}.stderr"
        with open(self.stderr_path, "wb") as err:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *user, troupe_path(), "events", "-o", "json",
                 *(str(x) for x in options)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err,
                env=clean_environment())
        self._events = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_until(lambda: "Ctrl-C ends" in self._talk_while_running(), READY_SECONDS,
                   lambda: f"troupe events to begin; it said: {self.talk()}")

    def _read(self):
        for line in self.popen.stdout:
            now = time.time_ns()
            self._events.append(json.loads(line) | {"read_ns": now})

    def _talk_while_running(self):
        if self.popen.poll() is not None:
            raise AssertionError(f"troupe events ended with {self.popen.returncode}: {self.talk()}")
        return self.talk()

    def talk(self):
        return self.stderr_path.read_text(errors="replace")

    def of(self, container_id, source=None):
        return [x for x in list(self._events)
                if x["container_id"] == container_id and source in (None, x["source"])]

    def all(self):
        return list(self._events)

    def wait_for(self, container_id, source, *names, seconds=15):
        """Waits for these events, in this order, and no other; returns them."""

        def story():
            return [x["event"] for x in self.of(container_id, source)]

        wait_until(lambda: len(story()) >= len(names), seconds,
                   lambda: f"{source} to tell {names} of {container_id}; it told {story()}")
        events = self.of(container_id, source)
        if [x["event"] for x in events] != list(names):
            raise AssertionError(f"{source} told {story()} of {container_id}, not {list(names)}")
        return events

    def finish(self):
        """SIGINT; returns (exit code, stderr)."""
        self.popen.send_signal(signal.SIGINT)
        code = self.popen.wait(END_SECONDS + 5)
        self._reader.join(5)
        self.popen.stdout.close()
        return code, self.talk()

    def stop(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait(10)
        self._reader.join(5)
        self.popen.stdout.close()
