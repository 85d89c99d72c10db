# SPDX-License-Identifier: Apache-2.0
"""A container that comes back under its name keeps its counters."""

import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.workload import PORT, OrderedClient, outbound, start_server


class ContainerRestart(RuntimeTestCase):
    def _wait(self, agent, name, connects, restarts):
        def there(metrics):
            return (outbound(metrics, "bytes_received_total", f"/docker/{name}")
                    >= connects * 1000 and
                    metrics.value("container_restarts_total", container_id=f"/docker/{name}")
                    >= restarts)

        metrics = agent.wait_for(there, 20, f"{connects} connections and {restarts} restarts")
        self.assertEqual(metrics.value("container_restarts_total",
                                       container_id=f"/docker/{name}"), restarts)
        self.assertEqual(outbound(metrics, "successful_connects_total", f"/docker/{name}"),
                         connects)
        self.assert_nothing_lost(metrics)

    def test_docker_restart_counts_and_keeps_the_counters(self):
        agent = self.start_agent()
        address = start_server(self, "steady", 1000)
        client = OrderedClient(self, "restarted")
        client.order("connect", address, PORT, 10, 1000)
        self._wait(agent, "restarted", 10, 0)
        for restarts in (1, 2):
            self.dockerd.docker("restart", "-t", "0", "restarted")
            client.order("connect", address, PORT, 10, 1000)
            self._wait(agent, "restarted", 10 + 10 * restarts, restarts)

    def test_a_restart_policy_counts_every_restart(self):
        agent = self.start_agent()
        self.run_server("failing", "--restart", "on-failure:3", IMAGE, "/bin/exit_with", "1")
        metrics = agent.wait_for(
            lambda m: m.value("container_restarts_total", container_id="/docker/failing") >= 3,
            40, "3 restarts")
        self.assertEqual(self.dockerd.inspect("failing")["RestartCount"], 3)
        self.assertEqual(metrics.value("container_restarts_total",
                                       container_id="/docker/failing"), 3)


if __name__ == "__main__":
    unittest.main()
