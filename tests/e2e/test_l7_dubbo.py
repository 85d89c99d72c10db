# SPDX-License-Identifier: Apache-2.0
"""Dubbo between containers: Dubbo 3's provider and consumer, directly and without a registry."""

import collections
import unittest

from tests.e2e.harness.java import JavaProgram
from tests.e2e.harness.l7_case import L7TestCase, by_outcome

# Hessian looks into the exceptions that it writes.
OPTIONS = tuple(f"--add-opens=java.base/java.{x}=ALL-UNNAMED" for x in ("lang", "util", "math"))
TRAFFIC = {
    "take:100": {("Stock.take", "ok"): 100},
    "at_once:300": {("Stock.take", "ok"): 300},
    "list:20": {("Stock.list", "ok"): 20},
    "big_list:3": {("Stock.list", "ok"): 3},
    "big_put:3": {("Stock.put", "ok"): 3},
    "refuse:7": {("Stock.refuse", "failed"): 7},
    "fail:5": {("Stock.fail", "failed"): 5},
    "one_way:10": {("Stock.take", "unknown"): 10},
    "missing:4": {("Nothing.$invoke", "failed"): 4},
}
CUT = {
    "take:10": {("Stock.take", "ok"): 10},
    "at_once:20": {("Stock.take", "ok"): 20},
    "refuse:2": {("Stock.refuse", "failed"): 2},
    "one_way:2": {("Stock.take", "unknown"): 2},
    "fail:1": {("Stock.fail", "failed"): 1},
}


def calls_of(traffic):
    calls = collections.Counter()
    for made in traffic.values():
        calls.update(made)
    return calls


class L7Dubbo(L7TestCase):
    PROTOCOL, WHAT, PORT = "dubbo", "requests", 20880

    @classmethod
    def setUpClass(cls):
        cls.dubbo = JavaProgram("dubbo")
        cls.PACKAGES = cls.dubbo.mounts
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.server.start(*self.dubbo.command("Provider", self.PORT, options=OPTIONS))
        self.server.wait_for_port(self.PORT)

    def _call(self, address, *calls, connections=1):
        self.client.run(*self.dubbo.command("Consumer", address, connections, *calls,
                                            options=OPTIONS))

    def _check(self, traffic, sides):
        calls = calls_of(traffic)
        outcomes = by_outcome(calls)
        self.check_counted(outcomes, unanswered=outcomes["unknown"], sides=sides)
        self.check_traced(calls, sides=sides)

    def test_every_call_is_counted_on_both_sides(self):
        self.watch(lambda: self._call(self.address, "take:1"))
        self._call(self.address, *TRAFFIC)
        self._call(self.address, "at_once:200", connections=4)
        self._check(TRAFFIC | {"on four connections": {("Stock.take", "ok"): 200}}, self.sides())

    def test_calls_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._call(sides[0].address, "take:1"), sides=sides)
        self._call(sides[0].address, *CUT)
        self._check(CUT, sides)


if __name__ == "__main__":
    unittest.main()
