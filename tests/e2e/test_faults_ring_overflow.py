# SPDX-License-Identifier: Apache-2.0
"""A small ring, and an agent that is held back until it is full: what is lost is counted to
the event, and the set of processes is right again afterwards."""

import signal
import unittest

from tests.e2e.harness.bare import BareTestCase, Client, container_rows
from tests.e2e.harness.cgroup_containers import CgroupContainer
from tests.e2e.harness.troupe_agent import free_port
from tests.e2e.harness.waiting import wait_until

# Whatever else on this machine is a container shares the ring: large enough for that.
TINY_RING = ("--ring-bytes", "256KiB", "--wakeup-bytes", "32KiB", "--tick-interval", "500ms")
REFUSED = 5000  # of 128 bytes each in the ring
CGROUPS = 3000  # a record of 120 bytes with its path for each, and one of 48
FORKING, CHILDREN = 32, 125  # two records of 72 bytes for each child


class RingOverflow(BareTestCase):
    def setUp(self):
        super().setUp()
        self.agent = self.start_agent(*TINY_RING)
        self.client = Client(self, "burst")
        self.client.connect(10)
        self.before = self.client.wait_for(self.agent, 10)

    def hold(self):
        """From now on nobody reads the ring."""
        self.agent.child.send(signal.SIGSTOP)
        self.addCleanup(self.release)

    def release(self):
        if self.agent.child.running():
            self.agent.child.send(signal.SIGCONT)

    def events_and_losses(self, metrics, kind):
        """Of this kind, since before the fault."""
        return [metrics.value(name, kind=kind) - self.before.value(name, kind=kind)
                for name in ("troupe_events_total", "troupe_events_lost_total")]

    def test_ring_overflow_of_data_loses_exactly_what_is_counted(self):
        self.hold()
        self.client.order("refused", "127.0.0.1", free_port(), REFUSED, seconds=60)
        self.release()
        kind = "tcp_connect_failed"
        metrics = self.agent.wait_for(
            lambda m: sum(self.events_and_losses(m, kind)) >= REFUSED, 30,
            f"{REFUSED} refusals, counted or lost")
        counted, lost = self.events_and_losses(metrics, kind)
        self.assertEqual(counted + lost, REFUSED)
        self.assertGreater(lost, 0)
        self.assertEqual(metrics.value("troupe_events_lost_total", kind=kind, stage="kernel",
                                       reason="ring_share"), lost)
        self.agent.wait_for(
            lambda m: m.value("container_net_tcp_failed_connects_total",
                              container_id=self.client.container_id) == counted, 10,
            f"{counted} failed connects of the container")
        self.client.connect(10)
        self.client.wait_for(self.agent, 20)

    def test_ring_overflow_of_lifecycle_is_repaired_from_the_iterators(self):
        cgroup = self.client.cgroup
        ends_unseen = [cgroup.start("sleep", "1000") for _ in range(3)]
        self.wait_for_processes(4)
        self.hold()
        for _ in range(FORKING):
            forking = cgroup.start(self.program("fork_exit"), CHILDREN)
            self.assertEqual(forking.wait(20), 0)
        for child in ends_unseen:
            child.kill()
            child.wait(10)
        for _ in range(5):
            cgroup.start("sleep", "1000")
        wait_until(lambda: len(cgroup.pids()) == 6, 10, "five new processes beside the client")
        self.release()

        self.wait_for_processes(6)
        metrics = self.agent.wait_for(
            lambda m: sum(self.events_and_losses(m, "process_forked")) >= FORKING * CHILDREN, 10,
            "all forks, counted or lost")
        # Not to the event: whatever else is a container on this machine forks, too.
        _, lost = self.events_and_losses(metrics, "process_forked")
        self.assertGreater(lost, 0)
        self.assertEqual(metrics.value("troupe_events_lost_total", kind="process_forked",
                                       reason="ring_full"), lost)
        self.client.connect(10)
        self.client.wait_for(self.agent, 20)
        self.wait_for_processes(6)

    def test_ring_overflow_hides_neither_new_cgroups_nor_the_end_of_old_ones(self):
        """What mkdir and rmdir of a cgroup lost is found by a walk."""
        self.agent.child.stop()
        self.agent = self.start_agent(*TINY_RING, "--retire-after", "1s")
        self.client.connect(10)
        self.before = self.client.wait_for(self.agent, 10)
        self.hold()
        made = [CgroupContainer() for _ in range(CGROUPS)]
        for cgroup in made:
            cgroup.end()
        late = Client(self, "late")
        self.client.cgroup.end()
        self.docker.remove(self.client.cgroup.id)
        self.release()

        for kind, expected in (("cgroup_created", CGROUPS + 1), ("cgroup_removed", CGROUPS + 1)):
            metrics = self.agent.wait_for(
                lambda m, kind=kind, expected=expected:
                sum(self.events_and_losses(m, kind)) >= expected, 10,
                f"{expected} times {kind}, counted or lost")
            counted, lost = self.events_and_losses(metrics, kind)
            self.assertEqual(counted + lost, expected)
            self.assertGreater(lost, 0)
        late.connect(10)
        late.wait_for(self.agent, 10)
        self.agent.wait_for(
            lambda m: not m.series("container_info", container_id=self.client.container_id), 15,
            f"{self.client.container_id} to be gone")

    def wait_for_processes(self, expected):
        """As /debug/actors says, and as the cgroup says."""
        def right():
            row = container_rows(self.agent).get(self.client.container_id)
            return row and row["PROCESSES"] == str(expected)

        wait_until(right, 15, lambda: f"{expected} processes: {container_rows(self.agent)}")
        self.assertEqual(len(self.client.cgroup.pids()), expected)


del BareTestCase

if __name__ == "__main__":
    unittest.main()
