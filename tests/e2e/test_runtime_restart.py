# SPDX-License-Identifier: Apache-2.0
"""dockerd and containerd die and come back; the agent goes on and loses nothing."""

import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.workload import PORT, OrderedClient, inbound, outbound, start_server


class RuntimeRestart(RuntimeTestCase):
    def kill_runtimes(self):
        self.dockerd.kill()
        self.containerd.kill()

    def start_runtimes(self):
        self.containerd.start()
        self.dockerd.start()

    def test_counts_go_on_while_the_runtimes_are_dead_and_after(self):
        agent = self.start_agent()
        address = start_server(self, "survivor", 1000)
        client = OrderedClient(self, "caller")
        self._connect_50(agent, client, address, total=50)

        self.kill_runtimes()
        self._connect_50(agent, client, address, total=100)

        self.start_runtimes()
        metrics = self._connect_50(agent, client, address, total=150)
        self.assertEqual(inbound(metrics, "successful_connects_total", "/docker/survivor"), 150)
        self.assertEqual(metrics.value("container_restarts_total",
                                       container_id="/docker/caller"), 0)

        # A container that starts now is named: the agent has found the new daemon.
        self.run_server("newcomer", IMAGE, "/bin/sleep", "1000")
        metrics = agent.wait_for(lambda m: m.series("container_info",
                                                    container_id="/docker/newcomer"),
                                 30, "/docker/newcomer to be named")
        self.assertGreater(metrics.value("troupe_metadata_lookups_total", runtime="docker",
                                         result="ok"), 0)
        self.assert_nothing_lost(metrics)
        self.assertEqual(metrics.value("troupe_actor_restarts_total"), 0)

    def test_a_runtime_that_is_down_when_the_agent_starts(self):
        address = start_server(self, "early-server", 1000)
        client = OrderedClient(self, "early-client")
        self.kill_runtimes()
        agent = self.start_agent()
        client.order("connect", address, PORT, 10, 1000)
        self.start_runtimes()
        metrics = agent.wait_for(
            lambda m: outbound(m, "bytes_received_total", "/docker/early-client") >= 10_000, 40,
            "/docker/early-client with its counts")
        self.assertEqual(outbound(metrics, "successful_connects_total", "/docker/early-client"),
                         10)
        self.assert_nothing_lost(metrics)

    def _connect_50(self, agent, client, address, total):
        client.order("connect", address, PORT, 50, 1000)
        metrics = agent.wait_for(
            lambda m: outbound(m, "bytes_received_total", "/docker/caller") >= total * 1000 and
            inbound(m, "bytes_received_total", "/docker/survivor") >= total * 1000,
            15, f"{total} connections")
        for family in ("bytes_sent_total", "bytes_received_total"):
            self.assertEqual(outbound(metrics, family, "/docker/caller"), total * 1000)
        self.assertEqual(outbound(metrics, "successful_connects_total", "/docker/caller"), total)
        return metrics


if __name__ == "__main__":
    unittest.main()
