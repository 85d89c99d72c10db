# SPDX-License-Identifier: Apache-2.0
"""containerd: two namespaces may each have a container `web`, and they are two containers."""

import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import CONTAINERD_IMAGE
from tests.e2e.harness.workload import PORT, outbound, start_server


class ContainerdNamespaces(RuntimeTestCase):
    def _run_client(self, namespace, address, connections):
        def remove():
            self.containerd.ctr("-n", namespace, "task", "rm", "-f", "web", check=False)
            self.containerd.ctr("-n", namespace, "container", "rm", "web", check=False)

        self.addCleanup(remove)
        self.containerd.ctr("-n", namespace, "run", "-d", "--net-host", CONTAINERD_IMAGE, "web",
                            "/bin/tcp_client", address, str(PORT), str(connections), "1000")

    def test_the_same_id_in_two_namespaces(self):
        agent = self.start_agent()
        address = start_server(self, "server", 1000)
        expected = {"/containerd/ns1/web": 7, "/containerd/ns2/web": 5}
        self._run_client("ns1", address, 7)
        self._run_client("ns2", address, 5)
        metrics = agent.wait_for(
            lambda m: all(outbound(m, "bytes_received_total", name) >= 1000 * count
                          for name, count in expected.items()),
            20, "both clients' connections")
        destination = f"{address}:{PORT}"
        found = {labels["container_id"]: value for labels, value in
                 metrics.series("container_net_tcp_successful_connects_total",
                                destination=destination)}
        self.assertEqual(found, expected)
        for name, count in expected.items():
            self.assertEqual(outbound(metrics, "bytes_sent_total", name), 1000 * count)
            self.assertEqual(outbound(metrics, "bytes_received_total", name), 1000 * count)
        self.assert_nothing_lost(metrics)


if __name__ == "__main__":
    unittest.main()
