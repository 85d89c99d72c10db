# SPDX-License-Identifier: Apache-2.0
"""MongoDB's protocol between containers: every request is counted, on both sides; messages, and the
operations that older drivers and servers speak."""

import collections
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.java import JavaProgram
from tests.e2e.harness.l7_case import L7TestCase, Side, by_outcome, expected_of

OLD_PORT = 27018
# What the modes of mongo_requests.py make: once, and as often as they are told to. What the driver
# says of itself it counts itself.
MODES = {
    "documents": ({}, {("insert documents", "ok"): 1, ("find documents", "ok"): 1,
                       ("update documents", "ok"): 1, ("delete documents", "ok"): 1,
                       ("ping", "ok"): 1}),
    "failures": ({("insert failures", "ok"): 1}, {("insert failures", "failed"): 1,
                                                  ("nonsense", "failed"): 1}),
    "cursors": ({("insert cursors", "ok"): 1}, {("find cursors", "ok"): 2,
                                                ("getMore cursors", "ok"): 2,
                                                ("killCursors cursors", "ok"): 1}),
    "big": ({}, {("insert big", "ok"): 1, ("find big", "ok"): 1}),
    "concurrent": ({}, {("insert concurrent", "ok"): 8}),
    "burst": ({}, {("ping", "ok"): 1}),
    "silent": ({("ping", "ok"): 1}, {("insert silent", "unknown"): 1,
                                     ("update silent", "unknown"): 1,
                                     ("delete silent", "unknown"): 1}),
}
# Before there were messages, what is found was asked for by operations of their own.
OLD_OPERATIONS = {
    ("find documents", "ok"): ("query documents", "ok"),
    ("find cursors", "ok"): ("query cursors", "ok"),
    ("find big", "ok"): ("query big", "ok"),
    ("killCursors cursors", "ok"): ("killCursors", "unknown"),
}
TRAFFIC = {"documents": 50, "failures": 20, "cursors": 10, "big": 3, "concurrent": 20, "burst": 200}
OLD_TRAFFIC = {"documents": 20, "failures": 10, "cursors": 5, "big": 2, "concurrent": 5,
               "silent": 20}
CUT_TRAFFIC = {"documents": 3, "failures": 2, "cursors": 1, "burst": 20}


def requests_of(traffic, greetings):
    return expected_of(MODES, traffic) + collections.Counter({("ismaster", "ok"): greetings})


def as_of_old(requests):
    expected = collections.Counter()
    for request, n in requests.items():
        expected[OLD_OPERATIONS.get(request, request)] += n
    return expected


class L7Mongo(L7TestCase):
    PROTOCOL, PORT = "mongo", 27017

    @classmethod
    def setUpClass(cls):
        cls.servers = JavaProgram("mongo")
        cls.PACKAGES = cls.servers.mounts
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("mongo_requests.py")
        self.server.start(*self.servers.command("MongoServers", self.PORT, OLD_PORT))
        self.server.wait_for_port(self.PORT)
        self.server.wait_for_port(OLD_PORT)

    def _make(self, address, traffic):
        """Returns how often the driver has said hello."""
        host, _, port = address.rpartition(":")
        return int(self.client.run(PYTHON, f"{WORK}/mongo_requests.py", host, port,
                                   *(f"{mode}={count}" for mode, count in traffic.items())))

    def _watch(self, sides):
        self.watch(lambda: self._make(sides[0].address, {"ready": 1}), sides=sides)

    def _check(self, expected, sides):
        outcomes = by_outcome(expected)
        self.check_counted(outcomes, sides=sides, unanswered=outcomes["unknown"])
        return self.check_traced(expected, sides=sides)

    def test_every_request_is_counted_on_both_sides(self):
        self._watch(self.sides())
        greetings = self._make(self.address, TRAFFIC)
        for events in self._check(requests_of(TRAFFIC, greetings), self.sides()):
            statuses = collections.Counter(x["status"] for x in events if x["outcome"] == "failed")
            # A key that is there already; no such command.
            self.assertEqual(statuses, {11000: 20, 59: 20})

    def test_operations_of_old_drivers_are_counted_on_both_sides(self):
        address = f"{self.server.address}:{OLD_PORT}"
        sides = (Side(self.client, False, address), Side(self.server, True, address))
        self._watch(sides)
        greetings = self._make(address, OLD_TRAFFIC)
        self._check(as_of_old(requests_of(OLD_TRAFFIC, greetings)), sides)

    def test_requests_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self._watch(sides)
        greetings = self._make(sides[0].address, CUT_TRAFFIC)
        self._check(requests_of(CUT_TRAFFIC, greetings), sides)


if __name__ == "__main__":
    unittest.main()
