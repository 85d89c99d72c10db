# SPDX-License-Identifier: Apache-2.0
"""TCP between containers: every connection, failure and byte, on both sides, exactly."""

import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.workload import CLOSED_PORT, PORT, OrderedClient, inbound, outbound, \
    start_server

SETTLE_SECONDS = 15


class Connections(RuntimeTestCase):
    def setUp(self):
        self.server_address = start_server(self, "server", 1000)
        self.server = f"{self.server_address}:{PORT}"
        self.client = OrderedClient(self, "client")

    def test_both_sides_count_every_connection_and_every_byte(self):
        agent = self.start_agent()
        self.client.order("connect", self.server_address, PORT, 100, 1000)
        metrics = agent.wait_for(
            lambda m: outbound(m, "bytes_received_total", "/docker/client") >= 100_000 and
            inbound(m, "bytes_received_total", "/docker/server") >= 100_000,
            SETTLE_SECONDS, "100 connections on both sides")
        self._check_client(metrics)
        self._check_server(metrics)
        self.assert_nothing_lost(metrics)

    def _check_client(self, metrics):
        connects = metrics.series("container_net_tcp_successful_connects_total",
                                  destination=self.server)
        self.assertEqual(len(connects), 1, connects)
        labels, value = connects[0]
        self.assertEqual(labels["container_id"], "/docker/client")
        self.assertEqual(labels["actual_destination"], self.server)
        self.assertEqual(value, 100)
        for family, expected in (("bytes_sent_total", 100_000), ("bytes_received_total", 100_000),
                                 ("failed_connects_total", 0), ("active_connections", 0)):
            with self.subTest(family):
                self.assertEqual(outbound(metrics, family, "/docker/client", self.server),
                                 expected)
        self.assertGreater(outbound(metrics, "connection_time_seconds_total", "/docker/client",
                                    self.server), 0)

    def _check_server(self, metrics):
        client_address = self.dockerd.address("client")
        accepted = metrics.series("container_net_tcp_inbound_successful_connects_total",
                                  container_id="/docker/server")
        self.assertEqual([(labels["peer"], value) for labels, value in accepted],
                         [(client_address, 100)])
        for family, expected in (("bytes_sent_total", 100_000), ("bytes_received_total", 100_000),
                                 ("active_connections", 0)):
            with self.subTest(family):
                self.assertEqual(inbound(metrics, family, "/docker/server"), expected)
        listens = metrics.label_values("container_net_tcp_listen_info", "listen_addr",
                                       container_id="/docker/server")
        self.assertTrue(any(address.endswith(f":{PORT}") for address in listens), listens)
        # Nobody counts what is not theirs.
        self.assertEqual(outbound(metrics, "successful_connects_total", "/docker/server"), 0)
        self.assertEqual(inbound(metrics, "successful_connects_total", "/docker/client"), 0)

    def test_refused_connects_are_failed_connects(self):
        agent = self.start_agent()
        self.client.order("refused", self.server_address, CLOSED_PORT, 10)
        closed = f"{self.server_address}:{CLOSED_PORT}"
        metrics = agent.wait_for(
            lambda m: outbound(m, "failed_connects_total", "/docker/client", closed) >= 10,
            SETTLE_SECONDS, "10 failed connects")
        self.assertEqual(metrics.value("container_net_tcp_failed_connects_total",
                                       destination=closed), 10)
        self.assertEqual(outbound(metrics, "successful_connects_total", "/docker/client"), 0)
        self.assertEqual(outbound(metrics, "active_connections", "/docker/client"), 0)
        self.assert_nothing_lost(metrics)

    def test_a_live_connection_is_active_and_its_bytes_count_before_it_closes(self):
        agent = self.start_agent()
        self.client.order("open", self.server_address, PORT, 1000)
        metrics = agent.wait_for(
            lambda m: outbound(m, "bytes_received_total", "/docker/client") >= 1000 and
            inbound(m, "bytes_received_total", "/docker/server") >= 1000,
            SETTLE_SECONDS, "the bytes of a connection that is still open")
        self.assertEqual(outbound(metrics, "active_connections", "/docker/client"), 1)
        self.assertEqual(inbound(metrics, "active_connections", "/docker/server"), 1)
        # A process that ends without close() closes its connections.
        self.client.order("quit", 0)
        metrics = agent.wait_for(
            lambda m: outbound(m, "active_connections", "/docker/client") == 0 and
            inbound(m, "active_connections", "/docker/server") == 0,
            SETTLE_SECONDS, "the connection to be gone on both sides")
        for sent_or_received in ("bytes_sent_total", "bytes_received_total"):
            self.assertEqual(outbound(metrics, sent_or_received, "/docker/client"), 1000)
            self.assertEqual(inbound(metrics, sent_or_received, "/docker/server"), 1000)

    def test_a_connection_older_than_the_agent_has_its_owner_but_is_no_new_connect(self):
        self.client.order("open", self.server_address, PORT, 1000)
        agent = self.start_agent()
        metrics = agent.wait_for(
            lambda m: outbound(m, "active_connections", "/docker/client", self.server) == 1 and
            inbound(m, "active_connections", "/docker/server") == 1,
            SETTLE_SECONDS, "the connection that was there before")
        self.assertEqual(outbound(metrics, "successful_connects_total", "/docker/client"), 0)
        listens = metrics.label_values("container_net_tcp_listen_info", "listen_addr",
                                       container_id="/docker/server")
        self.assertTrue(any(address.endswith(f":{PORT}") for address in listens), listens)
        self.client.order("close")
        agent.wait_for(
            lambda m: outbound(m, "active_connections", "/docker/client") == 0 and
            inbound(m, "active_connections", "/docker/server") == 0,
            SETTLE_SECONDS, "the old connection to be gone on both sides")


if __name__ == "__main__":
    unittest.main()
