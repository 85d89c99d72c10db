# SPDX-License-Identifier: Apache-2.0
"""troupe top l7: every request is in one interval, in a row of who asks and in one of who answers."""

import json
import unittest

from tests.e2e.harness.look_case import LookTestCase
from tests.e2e.harness.troupe_agent import run_troupe
from tests.e2e.harness.waiting import wait_until

SETTLE_SECONDS = 20
ASKED, FAILED = 40, 6


class TopL7(LookTestCase):
    @staticmethod
    def rows(child):
        return [json.loads(line) for line in child.stdout().splitlines(keepends=True)
                if line.endswith("\n")]

    def newest(self, child):
        """{(container, direction): its last row}"""
        return {(row["container_id"], row["direction"]): row for row in self.rows(child)}

    def test_every_request_is_counted_once_on_either_side(self):
        child = self.look("top", "l7", "-o", "json", "--interval", "0.5", "--protocol", "http",
                          containers=(self.web, self.shop))
        self.request(ASKED, "/small")
        self.request(FAILED, "/broken")
        total = ASKED + FAILED
        ends = {(self.shop.container_id, "outbound"): self.web.container_id,
                (self.web.container_id, "inbound"): self.shop.container_id}
        wait_until(lambda: all(self.newest(child).get(x, {}).get("requests_total", 0) >= total
                               for x in ends), SETTLE_SECONDS,
                   lambda: f"{total} requests on both sides: {child.stdout()}")
        self.interrupt(child)
        rows = self.rows(child)
        self.assertEqual({(row["container_id"], row["direction"]) for row in rows}, set(ends))
        for end, peer in ends.items():
            with self.subTest(end):
                own = [row for row in rows if (row["container_id"], row["direction"]) == end]
                self.check_rows(own, total)
                self.assertEqual((own[-1]["peer"], own[-1]["peer_kind"]), (peer, "container"))

    def check_rows(self, rows, total):
        self.assertEqual(sum(row["requests"] for row in rows), total)
        self.assertEqual(sum(row["failed"] for row in rows), FAILED)
        self.assertEqual(sum(row["unknown"] for row in rows), 0)
        self.assertEqual((rows[-1]["requests_total"], rows[-1]["failed_total"]), (total, FAILED))
        for row in rows:
            self.assertEqual((row["protocol"], row["address"]), ("http", self.address))
            self.assertGreater(row["interval_ns"], 0)
            per_second = row["requests"] * 1e9 / row["interval_ns"]
            self.assertAlmostEqual(row["requests_per_second"], per_second, delta=0.001)
            quantiles = [row[f"p{x}_ns"] for x in (50, 95, 99)]
            if row["requests"] == 0:
                self.assertEqual(quantiles, [None] * 3)
            else:
                self.assertEqual(quantiles, sorted(quantiles))
                self.assertGreater(quantiles[0], 0)

    def test_one_table_that_others_can_read(self):
        child = self.look("top", "l7", "--once", "--interval", "3", containers=(self.shop,))
        self.request(ASKED, "/small")
        self.assertEqual(child.wait(15), 0, child.stderr())
        text = child.stdout()
        self.assertNotIn("\x1b", text)
        lines = text.splitlines()
        self.assertEqual(len(lines), 2, text)
        self.assertEqual(lines[0].split()[:4], ["CONTAINER", "DIRECTION", "PEER", "PROTOCOL"])
        # Its peer has a name, too, where that is not asked for.
        self.assertEqual(lines[1].split()[:4], [self.shop.container_id, "outbound",
                                                self.web.container_id, "http"])

    def test_nothing_of_a_protocol_that_nobody_speaks(self):
        child = self.look("top", "l7", "--once", "--interval", "1", "--protocol", "redis", "-o",
                          "json", containers=(self.shop,))
        self.request(3, "/small")
        self.assertEqual(child.wait(15), 0, child.stderr())
        self.assertEqual(child.stdout(), "")

    def test_a_misspelt_protocol_names_what_was_meant(self):
        wrong = run_troupe("top", "l7", "--protocol", "postgresql")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("did you mean 'postgres'?", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
