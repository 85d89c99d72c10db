# SPDX-License-Identifier: Apache-2.0
"""Redis between containers: every command is counted, on both sides."""

import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import L7TestCase, by_outcome, expected_of
from tests.e2e.harness.sandbox import require_programs

# Modes of redis_requests.py: what each makes once, and as often as it is told to.
MODES = {
    "keep_alive": ({}, {("SET", "ok"): 1, ("GET", "ok"): 2}),
    "errors": ({("SET", "ok"): 1}, {("LPUSH", "failed"): 1, ("NOCOMMAND", "failed"): 1}),
    "pipelined": ({}, {("HSET", "ok"): 1, ("LPUSH", "failed"): 1}),
    "transactions": ({}, {("MULTI", "ok"): 2, ("INCRBY", "ok"): 2, ("INCR", "failed"): 1,
                          ("EXEC", "ok"): 1, ("EXEC", "failed"): 1}),
    "concurrent": ({}, {("INCRBY", "ok"): 8}),
    "published": ({("SUBSCRIBE", "ok"): 1, ("UNSUBSCRIBE", "ok"): 1}, {("PUBLISH", "ok"): 1}),
    "big": ({}, {("SET", "ok"): 1, ("GET", "ok"): 1}),
    "blocked": ({}, {("BLPOP", "ok"): 1, ("RPUSH", "ok"): 1}),
    "resp3": ({("HELLO", "ok"): 1, ("DEL", "ok"): 1, ("HSET", "ok"): 1, ("SUBSCRIBE", "ok"): 1},
              {("HGETALL", "ok"): 1, ("GET", "ok"): 1, ("ZADD", "failed"): 1,
               ("PUBLISH", "ok"): 1}),
    "inline": ({}, {("PING", "ok"): 1, ("SET", "ok"): 1, ("GET", "ok"): 1, ("GET", "failed"): 1}),
    "monitored": ({("MONITOR", "ok"): 1}, {("PING", "ok"): 1}),
    "silent": ({}, {("CLIENT REPLY", "unknown"): 1, ("INCR", "unknown"): 1, ("PING", "ok"): 1}),
}
TRAFFIC = {"keep_alive": 100, "errors": 20, "pipelined": 200, "transactions": 10, "concurrent": 50,
           "published": 10, "big": 3, "blocked": 5, "resp3": 10, "inline": 10, "monitored": 5,
           "silent": 5}
CUT_TRAFFIC = {"keep_alive": 5, "errors": 3, "pipelined": 4, "transactions": 2, "published": 2,
               "resp3": 2, "inline": 2}
BENCHMARKED = 8000


class L7Redis(L7TestCase):
    PROTOCOL, PORT = "redis", 6379

    @classmethod
    def setUpClass(cls):
        require_programs("redis-server", "redis-cli", "redis-benchmark")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("redis_requests.py")
        self.server.start("/usr/bin/redis-server", "--port", self.PORT, "--protected-mode", "no",
                          "--save", "")
        self.server.wait_for_port(self.PORT)

    def _say_ready(self, address):
        host, _, port = address.rpartition(":")
        self.client.run("/usr/bin/redis-cli", "-h", host, "-p", port, "ECHO", "ready")

    def _make(self, traffic, address):
        host, _, port = address.rpartition(":")
        self.client.run(PYTHON, f"{WORK}/redis_requests.py", host, port,
                        *(f"{mode}={count}" for mode, count in traffic.items()))

    def test_every_command_is_counted_on_both_sides(self):
        self.watch(lambda: self._say_ready(self.address))
        self._make(TRAFFIC, self.address)
        expected = expected_of(MODES, TRAFFIC)
        self.check_traced(expected)
        self.client.run("/usr/bin/redis-benchmark", "-h", self.server.address, "-t", "set,get",
                        "-n", BENCHMARKED, "-P", 16, "-c", 8, "-q")
        outcomes = by_outcome(expected)
        outcomes["ok"] += 2 * BENCHMARKED + 2  # It asks for two settings before it begins.
        self.check_counted(outcomes, unanswered=outcomes["unknown"])

    def test_commands_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._say_ready(sides[0].address), sides=sides)
        self._make(CUT_TRAFFIC, sides[0].address)
        expected = expected_of(MODES, CUT_TRAFFIC)
        self.check_counted(by_outcome(expected), sides=sides)
        self.check_traced(expected, sides=sides)


if __name__ == "__main__":
    unittest.main()
