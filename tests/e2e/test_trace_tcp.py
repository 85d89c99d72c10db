# SPDX-License-Identifier: Apache-2.0
"""troupe trace tcp: each connection as an event of both its ends."""

import collections
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.workload import CLOSED_PORT, PORT, OrderedClient, start_server


class TraceTcp(RuntimeTestCase):
    def setUp(self):
        self.address = start_server(self, "server", 1000)
        self.client = OrderedClient(self, "client")

    def _start_trace(self, *options):
        """A trace has begun when it shows a refused connect; those are left out below."""
        trace = self.start_trace("tcp", *options)

        def shows():
            self.client.order("refused", self.address, 9, 1)
            return trace.events()

        wait_until(shows, 30, "the trace to show a connect")
        return trace

    def _counts(self, trace):
        return collections.Counter((e["container_id"], e["action"]) for e in trace.seen()
                                   if not e["dst"].endswith(":9"))

    def test_connects_accepts_closes_and_failures(self):
        trace = self._start_trace()
        self.client.order("connect", self.address, PORT, 5, 1000)
        self.client.order("refused", self.address, CLOSED_PORT, 2)
        expected = {("/docker/client", "connect"): 5, ("/docker/client", "close"): 5,
                    ("/docker/client", "connect_failed"): 2,
                    ("/docker/server", "accept"): 5, ("/docker/server", "close"): 5}
        wait_until(lambda: sum(self._counts(trace).values()) >= sum(expected.values()), 15,
                   lambda: f"{expected}, got {self._counts(trace)}")
        code, events, talk = trace.finish()
        self.assertEqual(code, 0, talk)
        self.assertEqual(self._counts(trace), expected)
        self._check_closes([e for e in events if e["action"] == "close"])
        refused = [e for e in events if e["dst"] == f"{self.address}:{CLOSED_PORT}"]
        self.assertEqual({e["error"] for e in refused}, {"ECONNREFUSED"})

    def _check_closes(self, closes):
        client_address = self.dockerd.address("client")
        for event in closes:
            self.assertEqual((event["bytes_sent"], event["bytes_received"]), (1000, 1000))
            self.assertEqual(event["dst"], f"{self.address}:{PORT}")
            self.assertEqual(event["src"].rpartition(":")[0], client_address)
            inbound = event["container_id"] == "/docker/server"
            self.assertEqual(event["direction"], "inbound" if inbound else "outbound")
            self.assertEqual(event["comm"], "tcp_server" if inbound else "ordered_client")

    def test_only_the_container_that_was_asked_for(self):
        trace = self._start_trace("-c", "client")
        self.client.order("connect", self.address, PORT, 3, 1000)
        wait_until(lambda: self._counts(trace)["/docker/client", "close"] >= 3, 15, "3 closes")
        code, events, talk = trace.finish()
        self.assertEqual(code, 0, talk)
        self.assertEqual({e["container_id"] for e in events}, {"/docker/client"})


if __name__ == "__main__":
    unittest.main()
