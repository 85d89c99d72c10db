# SPDX-License-Identifier: Apache-2.0
"""troupe replay with an endpoint: an agent whose machine is a recording."""

import os

from tests.e2e.harness.processes import Child
from tests.e2e.harness.troupe_agent import Agent, clean_environment, troupe_path
from tests.e2e.harness.waiting import wait_until

READY_SECONDS = 20


class ReplayedAgent(Agent):
    def __init__(self, logs, recording, *, speed):
        super().__init__(logs, docker_socket=None, containerd_socket=None)
        self.recording = recording
        self.speed = speed

    def start(self):
        self.child = Child("replay", [troupe_path(), "replay", self.recording, "--speed",
                                      self.speed, "--listen", f"127.0.0.1:{self.port}"],
                           self.logs, env=clean_environment())
        wait_until(self.ready, READY_SECONDS, "/readyz to say yes")
        return self

    def records(self):
        return self.scrape().value("troupe_events_total")

    def cpu_seconds(self):
        """User and system time of all threads so far."""
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
