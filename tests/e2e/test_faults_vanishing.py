# SPDX-License-Identifier: Apache-2.0
"""Processes and cgroups that vanish while the agent reads of them: it starts in the midst of it,
and has the truth when it is quiet."""

import threading
import unittest

from tests.e2e.harness.bare import BareTestCase, Client, container_rows
from tests.e2e.harness.cgroup_containers import CgroupContainer
from tests.e2e.harness.processes import run
from tests.e2e.harness.troupe_agent import clean_environment, troupe_path
from tests.e2e.harness.waiting import wait_until

STARTS = 5
STORMS = 2
OPTIONS = ("--tick-interval", "500ms", "--retire-after", "1s", "--fallback-name-after", "30s")


class Vanishing(BareTestCase):
    def setUp(self):
        super().setUp()
        self.client = Client(self, "stormy")
        self.forking = [self.client.cgroup.start(self.program("fork_storm"))
                        for _ in range(STORMS)]
        self.quiet = threading.Event()
        self.made = [0] * STORMS
        self.making = [threading.Thread(target=self.make_cgroups, args=(i,))
                       for i in range(STORMS)]
        for thread in self.making:
            thread.start()
        self.addCleanup(self.end_storm)

    def make_cgroups(self, index):
        """Containers with a nested cgroup, and cgroups within the client's container."""
        while not self.quiet.is_set():
            container = CgroupContainer()
            for nested in (container, CgroupContainer(parent=self.client.cgroup.path)):
                CgroupContainer(parent=nested.path).end()
                nested.end()
            container.end()
            self.made[index] += 1

    def end_storm(self):
        self.quiet.set()
        for thread in self.making:
            thread.join()
        for child in self.forking:
            child.terminate()
            self.assertEqual(child.wait(10), 0)

    def test_agent_starts_while_processes_and_cgroups_vanish(self):
        for _ in range(STARTS):
            agent = self.start_agent(*OPTIONS)
            agent.wait_for(lambda m: m.series("troupe_containers", runtime="docker"), 20,
                           "containers in a scrape")
            self.assertEqual(agent.terminate(), 0)

    def test_truth_after_the_storm(self):
        agent = self.start_agent(*OPTIONS)
        before = list(self.made)
        self.client.connect(100)
        wait_until(lambda: all(now - then >= 50 for now, then in zip(self.made, before)), 60,
                   "cgroups to come and go")
        self.end_storm()
        self.client.wait_for(agent, 100)

        def only_the_client():
            return {name for name in container_rows(agent) if name.startswith("/docker/")} == \
                {self.client.container_id}

        def the_client_alone_in_it():
            row = container_rows(agent)[self.client.container_id]
            return int(row["PROCESSES"]) == len(self.client.cgroup.pids()) == 1

        wait_until(only_the_client, 20, lambda: f"the client alone: {container_rows(agent)}")
        wait_until(the_client_alone_in_it, 20,
                   lambda: f"one process: {container_rows(agent)[self.client.container_id]}")
        self.client.connect(10)
        metrics = self.client.wait_for(agent, 110)
        self.assertEqual(metrics.value("troupe_actor_restarts_total"), 0)

    def test_list_and_doctor_meanwhile(self):
        for command, expected in ((["list"], self.client.container_id),
                                  (["doctor"], self.docker.path)):
            done = run([troupe_path(), *command, "--docker-socket", self.docker.path,
                        "--containerd-socket", self.sandbox.folder / "absent.sock"],
                       env=clean_environment(), check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(expected, done.stdout)


del BareTestCase

if __name__ == "__main__":
    unittest.main()
