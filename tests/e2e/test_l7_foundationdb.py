# SPDX-License-Identifier: Apache-2.0
"""FoundationDB between containers, both ends played by foundationdb_talk.py: every request is
counted, on both sides. Neither its server nor its client library is in a registry that tests use.
"""

import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import L7TestCase, by_outcome, expected_of

# Modes of foundationdb_talk.py: what each makes once, and as often as it is told to. Its pings are
# no requests.
TRANSACTION = {("GetReadVersion", "ok"): 1, ("GetValue", "ok"): 1, ("CommitTransaction", "ok"): 1}
MODES = {
    "transactions": ({}, TRANSACTION),
    "concurrent": ({}, {key: 4 * count for key, count in TRANSACTION.items()}),
    "pipelined": ({}, {("GetValue", "ok"): 16}),
    "errors": ({}, {("CommitTransaction", "failed"): 1, ("GetValue", "failed"): 1}),
    "big": ({}, {("CommitTransaction", "ok"): 1, ("GetValue", "ok"): 1}),
}
TRAFFIC = {"transactions": 100, "concurrent": 50, "pipelined": 20, "errors": 10, "big": 3}
CUT_TRAFFIC = {"transactions": 2, "errors": 1}
ERRORS = {"CommitTransaction": 1020, "GetValue": 1001}


class L7FoundationDB(L7TestCase):
    PROTOCOL, WHAT, PORT = "foundationdb", "requests", 4500

    def setUp(self):
        super().setUp()
        self.copy_programs("foundationdb_talk.py")
        self.server.start(PYTHON, f"{WORK}/foundationdb_talk.py", "serve", self.PORT)
        self.server.wait_for_port(self.PORT)

    def _make(self, traffic, address):
        host, _, port = address.rpartition(":")
        self.client.run(PYTHON, f"{WORK}/foundationdb_talk.py", "ask", host, port,
                        *(f"{mode}={count}" for mode, count in traffic.items()))

    def test_every_request_is_counted_on_both_sides(self):
        self.watch(lambda: self._make({"transactions": 1}, self.address))
        self._make(TRAFFIC, self.address)
        expected = expected_of(MODES, TRAFFIC)
        for events in self.check_traced(expected):
            for event in events:
                failed = event["outcome"] == "failed"
                self.assertEqual(event["status"], ERRORS[event["operation"]] if failed else None,
                                 event)
        self.check_counted(by_outcome(expected))

    def test_requests_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._make({"transactions": 1}, sides[0].address), sides=sides)
        self._make(CUT_TRAFFIC, sides[0].address)
        expected = expected_of(MODES, CUT_TRAFFIC)
        self.check_counted(by_outcome(expected), sides=sides)
        self.check_traced(expected, sides=sides)


if __name__ == "__main__":
    unittest.main()
