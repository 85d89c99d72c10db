# SPDX-License-Identifier: Apache-2.0
"""Memcached between containers: every command is counted, on both sides."""

import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import L7TestCase, by_outcome, expected_of
from tests.e2e.harness.sandbox import require_programs

# Modes of memcached_requests.py: what each makes once, and as often as it is told to. A miss is
# an answer like any other.
MODES = {
    "text": ({}, {("set", "ok"): 2, ("get", "ok"): 3, ("add", "ok"): 1, ("incr", "ok"): 1,
                  ("gets", "ok"): 1, ("cas", "ok"): 2, ("touch", "ok"): 1, ("delete", "ok"): 2}),
    "errors": ({("set", "ok"): 1, ("version", "ok"): 1}, {("incr", "failed"): 1, ("set", "failed"): 1,
                                    ("nonsense", "failed"): 1}),
    "silent": ({("get", "ok"): 1}, {("set", "unknown"): 10}),
    "pipelined": ({}, {("set", "ok"): 1, ("get", "ok"): 1}),
    "binary": ({}, {("set", "ok"): 2, ("get", "ok"): 2, ("incr", "ok"): 1, ("delete", "ok"): 2}),
    "quiet": ({("set", "ok"): 1}, {("get", "ok"): 3, ("noop", "ok"): 1}),
    "meta": ({}, {("ms", "ok"): 2, ("mg", "ok"): 3, ("mn", "ok"): 1, ("md", "ok"): 1,
                  ("ma", "ok"): 1, ("ms", "failed"): 1}),
    "big": ({}, {("set", "ok"): 1, ("get", "ok"): 2}),
    "concurrent": ({}, {("set", "ok"): 8}),
}
TRAFFIC = {"text": 20, "errors": 3, "silent": 10, "pipelined": 200, "binary": 20, "quiet": 10,
           "meta": 10, "big": 2, "concurrent": 50}
CUT_TRAFFIC = {"text": 3, "silent": 2, "pipelined": 5, "binary": 3, "quiet": 2, "meta": 2}


class L7Memcached(L7TestCase):
    PROTOCOL, PORT = "memcached", 11211
    QUIET = ("get", "mg", "ms")

    @classmethod
    def setUpClass(cls):
        require_programs("memcached")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("memcached_requests.py")
        self.server.start("/usr/bin/memcached", "-u", "root", "-p", self.PORT, "-U", 0, "-m", 64,
                          "-I", "2m")
        self.server.wait_for_port(self.PORT)

    def _make(self, traffic, address):
        host, _, port = address.rpartition(":")
        self.client.run(PYTHON, f"{WORK}/memcached_requests.py", host, port,
                        *(f"{mode}={count}" for mode, count in traffic.items()))

    def test_every_command_is_counted_on_both_sides(self):
        self.watch(lambda: self._make({"concurrent": 1}, self.address))
        self._make(TRAFFIC, self.address)
        expected = expected_of(MODES, TRAFFIC)
        outcomes = by_outcome(expected)
        self.check_traced(expected)
        self.check_counted(outcomes, unanswered=outcomes["unknown"])

    def test_commands_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._make({"concurrent": 1}, sides[0].address), sides=sides)
        self._make(CUT_TRAFFIC, sides[0].address)
        expected = expected_of(MODES, CUT_TRAFFIC)
        outcomes = by_outcome(expected)
        self.check_traced(expected, sides=sides)
        self.check_counted(outcomes, sides=sides, unanswered=outcomes["unknown"])


if __name__ == "__main__":
    unittest.main()
