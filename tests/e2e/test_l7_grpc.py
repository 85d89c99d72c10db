# SPDX-License-Identifier: Apache-2.0
"""gRPC between containers, with Debian's grpcio at both ends: every call by its code."""

import collections
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import SETTLE_SECONDS, L7TestCase

CANCELLED = 1  # Its code where the client gives up: nobody answered.
SERVICE = "/org.shop.Stock/"
# What the client is told to do, the methods and codes that this makes.
TRAFFIC = {
    "take:100": {("Take", 0): 100},
    "take:10:10000": {("Take", 0): 10},
    "at_once:150": {("Take", 0): 150},
    "threads:25": {("Take", 0): 200},
    "fail:7:5": {("Fail", 5): 7},
    "fail:4:13": {("Fail", 13): 4},
    "fail:3:16": {("Fail", 16): 3},
    "missing:6": {("Nothing", 12): 6},
    "list:10:50": {("List", 0): 10},
    "list:2:0": {("List", 0): 2},
    "put:10:50": {("Put", 0): 10},
    "chat:10:20": {("Chat", 0): 10},
    "cancel:5": {("Wait", CANCELLED): 5, ("Take", 0): 5},
}
CUT = {
    "take:20": {("Take", 0): 20},
    "at_once:10": {("Take", 0): 10},
    "fail:3:5": {("Fail", 5): 3},
    "list:2:5": {("List", 0): 2},
    "put:2:5": {("Put", 0): 2},
}


def calls_of(traffic):
    calls = collections.Counter()
    for made in traffic.values():
        calls.update(made)
    return calls


class L7Grpc(L7TestCase):
    PROTOCOL, WHAT, PORT = "grpc", "requests", 9090
    FAMILY, BYTES = "http", "http2"

    def setUp(self):
        super().setUp()
        self.copy_programs("grpc_server.py", "grpc_client.py")
        self.server.start(PYTHON, f"{WORK}/grpc_server.py", self.PORT)
        self.server.wait_for_port(self.PORT)

    def _call(self, address, *traffic):
        self.client.run(PYTHON, f"{WORK}/grpc_client.py", address, *traffic)

    def _check(self, traffic, sides):
        calls = calls_of(traffic)
        statuses = collections.Counter()
        for (_, code), count in calls.items():
            statuses[f"grpc:{code}"] += count
        self.check_counted(statuses, sides=sides, unanswered=statuses[f"grpc:{CANCELLED}"])
        self.check_traced({(SERVICE + method, code, "failed" if code else "ok"): count
                           for (method, code), count in calls.items()},
                          of=("operation", "status", "outcome"), sides=sides)

    def _check_event(self, side, event):
        if event["status"] != CANCELLED:
            super()._check_event(side, event)

    def test_every_call_is_counted_on_both_sides_by_its_code(self):
        self.watch(lambda: self._call(self.address, "take:1"))
        self._call(self.address, *TRAFFIC)
        self._check(TRAFFIC, self.sides())

    def test_codes_behind_large_answers(self):
        """They come at the end of an answer, of whose megabyte nobody captures more than frames."""
        self.watch(lambda: self._call(self.address, "take:1"))
        self._call(self.address, "take:3:1048576", "fail:4:13")
        metrics = self.agent.wait_for(
            lambda m: all(self.counts(m, x).total() >= 7 for x in self.sides()), SETTLE_SECONDS,
            "7 calls on both sides")
        for side in self.sides():
            with self.subTest(side.container.name):
                counts = self.counts(metrics, side)
                self.assertEqual(counts, {"grpc:13": 4, "grpc:0": 3})
        self.assert_nothing_lost(metrics)

    def test_calls_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._call(sides[0].address, "take:1"), sides=sides)
        self._call(sides[0].address, *CUT)
        self._check(CUT, sides)


if __name__ == "__main__":
    unittest.main()
