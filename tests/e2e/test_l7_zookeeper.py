# SPDX-License-Identifier: Apache-2.0
"""ZooKeeper between containers: every request is counted, on both sides."""

import collections
import pathlib
import unittest

from tests.e2e.harness import packages
from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import L7TestCase, by_outcome, expected_of
from tests.e2e.harness.waiting import wait_until

CONFIG = f"""
tickTime=2000
dataDir={WORK}/zookeeper
clientPort=2181
admin.enableServer=false
4lw.commands.whitelist=ruok
"""
START_SECONDS = 30
JAR = "/usr/share/java/zookeeper.jar"

SESSION = {("connect", "ok"): 1, ("closeSession", "ok"): 1}


def session(*others):
    """What is asked once, in a session."""
    return collections.Counter(SESSION) + collections.Counter(others)


# What the modes of zookeeper_requests.py make: once, and as often as they are told to.
MODES = {
    "nodes": (session(), {("create", "ok"): 1, ("getData", "ok"): 1, ("setData", "ok"): 1,
                          ("exists", "ok"): 2, ("delete", "ok"): 1}),
    "errors": (session(*[("create", "ok")] * 2), {
        ("getData", "failed"): 1, ("create", "failed"): 1, ("setData", "failed"): 1,
        ("delete", "failed"): 1}),
    "lists": (session(("create", "ok")), {("create2", "ok"): 1, ("getChildren", "ok"): 1,
                                          ("getChildren2", "ok"): 1}),
    "rights": (session(("auth", "ok"), ("create", "ok")), {("setACL", "ok"): 1,
                                                           ("getACL", "ok"): 1, ("sync", "ok"): 1}),
    "together": (session(("create", "ok")), {("multi", "ok"): 1, ("multi", "failed"): 1}),
    "watches": (session() + session(("create", "ok")), {
        ("getData", "ok"): 1, ("exists", "ok"): 1, ("getChildren", "ok"): 1, ("setData", "ok"): 1,
        ("create", "ok"): 1, ("delete", "ok"): 1}),
    "big": (session(("create", "ok")), {("setData", "ok"): 1, ("getData", "ok"): 1}),
    "pipelined": (session(("create", "ok")), {("create", "ok"): 1, ("getData", "failed"): 1}),
    "concurrent": ({x: 8 for x in session(("create", "ok"))}, {("setData", "ok"): 8}),
    "expired": ({}, {("connect", "failed"): 1}),
    "words": ({}, {}),
}
TRAFFIC = {"nodes": 50, "errors": 20, "lists": 20, "rights": 10, "together": 10, "watches": 10,
           "big": 3, "pipelined": 200, "concurrent": 20, "expired": 3, "words": 3}
CUT_TRAFFIC = {"nodes": 3, "errors": 2, "lists": 3, "together": 3, "watches": 2, "pipelined": 20,
               "expired": 2}


class L7ZooKeeper(L7TestCase):
    PROTOCOL, WHAT, PORT = "zookeeper", "requests", 2181

    @classmethod
    def setUpClass(cls):
        if not pathlib.Path(JAR).exists():
            raise AssertionError(f"{JAR} is missing: apt-get install libzookeeper-java, or "
                                 "./dev install test")
        cls.PACKAGES = packages.java_mounts()
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("zookeeper_requests.py")
        (self.folder / "zoo.cfg").write_text(CONFIG)
        self.server.start(packages.java(), "-Xmx256m", "-XX:TieredStopAtLevel=1",
                          "-XX:+UseSerialGC", "-cp", JAR,
                          "org.apache.zookeeper.server.ZooKeeperServerMain", f"{WORK}/zoo.cfg")
        wait_until(self._serves, START_SECONDS, "the server to take sessions")

    def _serves(self):
        """It listens before it does."""
        try:
            self._make(self.address, {"ready": 1})
        except AssertionError:
            return False
        return True

    def _make(self, address, traffic):
        host, _, port = address.rpartition(":")
        self.client.run(PYTHON, f"{WORK}/zookeeper_requests.py", host, port,
                        *(f"{mode}={count}" for mode, count in traffic.items()))

    def _check(self, traffic, sides=None):
        expected = expected_of(MODES, traffic)
        self.check_counted(by_outcome(expected), sides=sides)
        return self.check_traced(expected, sides=sides)

    def test_every_request_is_counted_on_both_sides(self):
        self.watch(lambda: self._make(self.address, {"ready": 1}))
        self._make(self.address, TRAFFIC)
        for events in self._check(TRAFFIC):
            statuses = collections.Counter(x["status"] for x in events if x["outcome"] == "failed")
            # No node, a node that exists, a wrong version, a node with others below it; a session
            # that is over has no number.
            self.assertEqual(statuses, {-101: 20 + 200, -110: 20 + 10, -103: 20, -111: 20, None: 3})

    def test_requests_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._make(sides[0].address, {"ready": 1}), sides=sides)
        self._make(sides[0].address, CUT_TRAFFIC)
        self._check(CUT_TRAFFIC, sides)


if __name__ == "__main__":
    unittest.main()
