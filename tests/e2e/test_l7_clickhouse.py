# SPDX-License-Identifier: Apache-2.0
"""ClickHouse between containers, Debian's server and clients over the native protocol: every query
is counted, on both sides. clickhouse-client compresses what it says, the driver for Python does
not."""

import collections
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import L7TestCase, by_outcome, expected_of
from tests.e2e.harness.sandbox import require_programs

CONFIG = f"""<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <tcp_port>9000</tcp_port>
  <listen_host>0.0.0.0</listen_host>
  <path>{WORK}/data/</path>
  <tmp_path>{WORK}/data/tmp/</tmp_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>16777216</mark_cache_size>
  <uncompressed_cache_size>16777216</uncompressed_cache_size>
  <timezone>UTC</timezone>
</yandex>
"""
USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default><max_threads>1</max_threads></default></profiles>
  <users><default>
    <password></password><networks><ip>::/0</ip></networks>
    <profile>default</profile><quota>default</quota>
  </default></users>
  <quotas><default><interval><duration>3600</duration></interval></default></quotas>
</yandex>
"""

# Modes of clickhouse_requests.py: what each makes once, and as often as it is told to. Its pings
# are no queries.
KEEP_ALIVE = {("INSERT notes", "ok"): 1, ("SELECT shop.orders", "ok"): 1, ("SELECT notes", "ok"): 1}
MODES = {
    "prepare": ({}, {("CREATE DATABASE shop", "ok"): 1, ("CREATE TABLE shop.orders", "ok"): 1,
                     ("CREATE TABLE notes", "ok"): 1, ("INSERT shop.orders", "ok"): 1}),
    "keep_alive": ({}, KEEP_ALIVE),
    "concurrent": ({}, {key: 4 * count for key, count in KEEP_ALIVE.items()}),
    "errors": ({}, {("SELECT shop.orders", "failed"): 1, ("SELECT nowhere", "failed"): 1,
                    ("SELEKT", "failed"): 1}),
    "in_midstream": ({}, {("SELECT system.numbers", "failed"): 1}),
    "refused": ({}, {("HELLO", "failed"): 1}),
}
TRAFFIC = {"prepare": 1, "keep_alive": 30, "concurrent": 15, "errors": 5, "in_midstream": 3,
           "refused": 3}
CUT_TRAFFIC = {"prepare": 1, "keep_alive": 3, "errors": 1, "refused": 1}
STATUSES = {"SELECT shop.orders": 47, "SELECT nowhere": 60, "SELEKT": 62,
            "SELECT system.numbers": 395, "HELLO": 192}

# clickhouse-client, with a connection each.
ROWS = 100_000
COMPRESSED = (
    (f"INSERT INTO notes SELECT number, toString(number) FROM system.numbers LIMIT {ROWS}",
     "INSERT notes", "ok"),
    ("SELECT * FROM notes WHERE id < 3", "SELECT notes", "ok"),
    ("SELECT nothing FROM notes", "SELECT notes", "failed"),
    ("SELECT count() FROM notes", "SELECT notes", "ok"),
)
BIG = 3


class L7ClickHouse(L7TestCase):
    PROTOCOL, PORT = "clickhouse", 9000

    @classmethod
    def setUpClass(cls):
        require_programs("clickhouse-server", "clickhouse-client")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        (self.folder / "data").mkdir()
        (self.folder / "config.xml").write_text(CONFIG)
        (self.folder / "users.xml").write_text(USERS)
        self.copy_programs("clickhouse_requests.py")
        self.server.start("/usr/sbin/clickhouse-server", f"--config-file={WORK}/config.xml")
        self.server.wait_for_port(self.PORT)

    def _make(self, traffic, address):
        host, _, port = address.rpartition(":")
        return self.client.run(PYTHON, f"{WORK}/clickhouse_requests.py", host, port,
                               *(f"{mode}={count}" for mode, count in traffic.items()))

    def _watch(self, sides=None):
        address = sides[0].address if sides else self.address
        self.watch(lambda: self._make({"ready": 1}, address), sides=sides)
        return address

    def _make_compressed(self):
        for query, _, outcome in COMPRESSED:
            told = self.client.run(
                "/bin/sh", "-c", f"TZ=UTC /usr/bin/clickhouse-client --host {self.server.address} "
                f"--query '{query}' 2>&1; true")
            self.assertEqual("Code: " in told, outcome == "failed", told)

    def test_every_query_is_counted_on_both_sides(self):
        self._watch()
        self._make(TRAFFIC, self.address)
        self._make_compressed()
        expected = expected_of(MODES, TRAFFIC)
        expected.update(collections.Counter(key[1:] for key in COMPRESSED))
        told = self.check_traced(expected)
        for events in told:
            for event in events:
                failed = event["outcome"] == "failed"
                self.assertEqual(event["status"],
                                 STATUSES.get(event["operation"], 47) if failed else None, event)
        self.check_counted(by_outcome(expected))

    def test_queries_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        address = self._watch(sides)
        self._make(CUT_TRAFFIC, address)
        expected = expected_of(MODES, CUT_TRAFFIC)
        self.check_counted(by_outcome(expected), sides=sides)
        self.check_traced(expected, sides=sides)

    def test_big_answers_are_counted_once_with_their_outcome(self):
        """A receive that holds the end of rows and what follows them is captured in part: how the
        answer ended is in its last bytes."""
        self._watch()
        self._make({"prepare": 1, "big": BIG, "many_texts": BIG}, self.address)
        expected = {"CREATE DATABASE shop": 1, "CREATE TABLE shop.orders": 1,
                    "CREATE TABLE notes": 1, "INSERT shop.orders": 1, "INSERT notes": BIG,
                    "SELECT": BIG + 2, "SELECT system.numbers": 2 * BIG}
        client, server = self.finish_trace(sum(expected.values()))
        for events in (client, server):
            self.assertEqual(collections.Counter(x["operation"] for x in events), expected)
            self.assertEqual({x["outcome"] for x in events}, {"ok"})
        for event in client + server:
            big = event["operation"] == "INSERT notes"
            self.assertEqual(event["request_bytes"] > 1 << 20, big, event)


if __name__ == "__main__":
    unittest.main()
