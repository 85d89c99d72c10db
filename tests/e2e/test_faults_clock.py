# SPDX-License-Identifier: Apache-2.0
"""The wall clock jumps by a day, forward and backward: nothing that the agent does goes by it."""

import math
import os
import pathlib
import struct
import time
import unittest

from tests.e2e.harness.bare import BareTestCase, Client
from tests.e2e.harness.faulty_socket import FaultySocket, hang
from tests.e2e.harness.processes import run

PRELOAD = pathlib.Path(__file__).resolve().parent / "preload" / "wall_clock.c"
DAY_SECONDS = 86_400
OPTIONS = ("--tick-interval", "200ms", "--retire-after", "1s", "--runtime-timeout", "300ms")
# One thread in a loop would take all of a core, in addition to what the scrapes cost.
WATCHED_SECONDS, LOOP_SHARE = 3, 0.5


class ClockJumps(BareTestCase):
    def setUp(self):
        super().setUp()
        self.library = self.sandbox.folder / "wall_clock.so"
        run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra",
             "-Werror", "-o", self.library, PRELOAD])
        self.offset = self.sandbox.folder / "offset"
        self.jump(0)
        # Its calls end at their deadlines only.
        self.hung = FaultySocket(self.sandbox.folder / "hung.sock", self.docker.path, hang)
        self.addCleanup(self.hung.close)
        self.agent = self.start_agent(*OPTIONS, env={"LD_PRELOAD": str(self.library),
                                                     "WALL_CLOCK": str(self.offset)})
        self.steady = Client(self, "steady")
        self.connects = 0

    def runtimes(self):
        return {"docker_socket": self.docker.path, "containerd_socket": self.hung.path}

    def jump(self, offset_seconds):
        # In place: the agent has it mapped.
        with open(self.offset, "r+b" if self.offset.exists() else "wb") as file:
            file.write(struct.pack("@q", offset_seconds))

    def test_clock_that_jumps_a_day_forward(self):
        self.check_jump(DAY_SECONDS)

    def test_clock_that_jumps_a_day_backward(self):
        self.check_jump(-DAY_SECONDS)

    def check_jump(self, seconds):
        before = self.check_all_is_well("before")
        self.jump(seconds)
        self.assertLess(self.check_all_is_well("after"), before + LOOP_SHARE)

    def check_all_is_well(self, name):
        """The cores that the agent used meanwhile."""
        began, cpu = time.monotonic(), self.cpu_seconds()
        asked = self.hung.accepted
        passing = Client(self, f"passing-{name}")
        passing.connect(5)
        passing.wait_for(self.agent, 5)
        passing.cgroup.end()
        self.docker.remove(passing.cgroup.id)
        while time.monotonic() - began < WATCHED_SECONDS:
            self.steady.connect(25)
            self.connects += 25
            metrics = self.steady.wait_for(self.agent, self.connects)
            self.check_values(metrics)
        self.agent.wait_for(
            lambda m: not m.series("container_info", container_id=passing.container_id), 5,
            "a container to be retired")
        self.agent.wait_for(lambda _: self.hung.accepted > asked or
                            "did not answer within 300 ms" in self.agent.get("/debug/actors")[1],
                            10, "the hung containerd to be given up and asked again")
        return (self.cpu_seconds() - cpu) / (time.monotonic() - began)

    def check_values(self, metrics):
        self.assertEqual(metrics.losses(), [])
        for name, samples in metrics.samples.items():
            for key, value in samples.items():
                self.assertTrue(math.isfinite(value) and value >= 0, (name, dict(key), value))
        latency = "troupe_route_latency_seconds"
        self.assertEqual(metrics.value(f"{latency}_bucket", le="10"),
                         metrics.value(f"{latency}_count"))
        self.assertLess(metrics.value("container_net_tcp_connection_time_seconds_total"), 60)
        uptime = float(pathlib.Path("/proc/uptime").read_text().split()[0])
        self.assertAlmostEqual(metrics.value("node_uptime_seconds"), uptime, delta=60)

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.agent.child.pid}/stat").read_text()
        user, system = stat[stat.rindex(")") + 2:].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


del BareTestCase

if __name__ == "__main__":
    unittest.main()
