# SPDX-License-Identifier: Apache-2.0
"""A docker socket that accepts and never answers delays a name, and nothing else."""

import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.faulty_socket import FaultySocket, hang, pass_on
from tests.e2e.harness.workload import CLOSED_PORT, PORT, OrderedClient, outbound, start_server

FALLBACK_SECONDS = 2
LATENCY_BOUND = "0.05"


class HungRuntime(RuntimeTestCase):
    def setUp(self):
        self.fake = FaultySocket(self.sandbox.folder / "fake.sock", self.dockerd.socket, hang)
        self.addCleanup(self.fake.close)

    def test_events_reach_their_container_and_keep_their_counts_when_the_name_comes(self):
        agent = self.start_agent("--fallback-name-after", f"{FALLBACK_SECONDS}s",
                                 docker_socket=self.fake.path)
        server_address = start_server(self, "hung-server", 1000)
        before = agent.scrape()
        client = OrderedClient(self, "hung-client")
        client.order("connect", server_address, PORT, 25, 1000)
        client.order("refused", server_address, CLOSED_PORT, 5)

        fallback, metrics = self._wait_for_fallback(agent, client.id)
        self._check_counts(metrics, fallback)
        self._check_latency(before, metrics)
        self.assertGreater(self.fake.accepted, 0, "the agent never asked the hung socket")

        self.fake.behave(pass_on)
        metrics = agent.wait_for(lambda m: m.series("container_info",
                                                    container_id="/docker/hung-client"),
                                 40, "/docker/hung-client to be named")
        self._check_counts(metrics, "/docker/hung-client")
        self.assertEqual(metrics.series("container_info", container_id=fallback), [])
        self.assertEqual(outbound(metrics, "successful_connects_total", fallback), 0)

        # The new name goes on counting where the fallback stopped.
        client.order("connect", server_address, PORT, 25, 1000)
        metrics = agent.wait_for(
            lambda m: outbound(m, "bytes_received_total", "/docker/hung-client") >= 50_000, 15,
            "the second 25 connections")
        self.assertEqual(outbound(metrics, "successful_connects_total", "/docker/hung-client"), 50)
        self.assert_nothing_lost(metrics)

    def _wait_for_fallback(self, agent, docker_id):
        """The fallback id says which container it is: it holds the first digits of docker's id."""
        metrics = agent.wait_for(lambda m: _ids_with(m, docker_id[:12]), FALLBACK_SECONDS + 15,
                                 "the client under its fallback id")
        ids = _ids_with(metrics, docker_id[:12])
        self.assertEqual(len(ids), 1, ids)
        return ids.pop(), metrics

    def _check_counts(self, metrics, container_id):
        for family, expected in (("successful_connects_total", 25), ("failed_connects_total", 5),
                                 ("bytes_sent_total", 25_000), ("bytes_received_total", 25_000)):
            with self.subTest(container_id=container_id, family=family):
                self.assertEqual(outbound(metrics, family, container_id), expected)

    def _check_latency(self, before, after):
        """Every batch since `before` was in its actor within the bound."""
        def batches(metrics, **labels):
            suffix = "bucket" if labels else "count"
            return metrics.value(f"troupe_route_latency_seconds_{suffix}", **labels)

        self.assertIn(LATENCY_BOUND, after.label_values("troupe_route_latency_seconds_bucket",
                                                        "le"))
        total = batches(after) - batches(before)
        in_time = batches(after, le=LATENCY_BOUND) - batches(before, le=LATENCY_BOUND)
        self.assertGreater(total, 0)
        self.assertEqual(in_time, total, after.series("troupe_route_latency_seconds_bucket"))


def _ids_with(metrics, text):
    return {name for name in metrics.label_values("container_net_tcp_successful_connects_total",
                                                  "container_id") if text in name}


if __name__ == "__main__":
    unittest.main()
