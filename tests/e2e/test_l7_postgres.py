# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL between containers: every query is counted, on both sides."""

import os
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import (L7TestCase, by_outcome, bytes_by_operation,
                                        expected_of)
from tests.e2e.harness.processes import run
from tests.e2e.harness.sandbox import require_programs

# The command that Debian has for all versions wants clusters of its own below /etc.
PROGRAMS = "/usr/lib/postgresql/15/bin"
NOBODY = 65534
AS_NOBODY = ("/usr/bin/setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
HOME = f"{WORK}/postgres"
DATA = f"{HOME}/data"

SCHEMA = """
CREATE TABLE orders (id int, what text);
CREATE TABLE one AS SELECT 1 AS id;
CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE copies (id int, what text);
CREATE TABLE piped (id int);
CREATE TABLE bodies (body text);
CREATE TABLE many AS SELECT repeat('x', 50) AS x FROM generate_series(1, 20000);
CREATE TABLE numbers AS SELECT generate_series(1, 20000) AS id;
"""

# Modes of postgres_requests.py: what each makes once, and as often as it is told to.
MODES = {
    "simple": ({}, {("INSERT orders", "ok"): 1, ("SELECT orders", "ok"): 1,
                    ("DELETE orders", "ok"): 1, ("SELECT", "ok"): 1, ("SELECT one", "failed"): 1,
                    ("UPDATE nothing", "failed"): 1}),
    "transactions": ({}, {("BEGIN", "ok"): 2, ("INSERT late", "ok"): 3, ("ROLLBACK", "ok"): 1,
                          ("COMMIT", "failed"): 1}),
    "copied": ({}, {("COPY copies", "ok"): 2, ("TRUNCATE copies", "ok"): 1,
                    ("COPY copies", "failed"): 2, ("COPY", "failed"): 1}),
    "extended": ({}, {("SELECT one", "ok"): 2, ("SELECT one", "failed"): 1,
                      ("SELEKT", "failed"): 1}),
    "pipelined": ({}, {("SELECT one", "ok"): 5, ("INSERT piped", "ok"): 1,
                       ("SELECT one", "failed"): 1, ("DELETE piped", "unknown"): 1}),
    "concurrent": ({}, {("SELECT one", "ok"): 8}),
    "big": ({}, {("INSERT bodies", "ok"): 1, ("SELECT bodies", "ok"): 1,
                 ("SELECT many", "ok"): 1, ("TRUNCATE bodies", "ok"): 1}),
    "cancelled": ({}, {("DO", "failed"): 1}),
    "notified": ({("LISTEN", "ok"): 1}, {("NOTIFY", "ok"): 1}),
    "called": ({("SELECT pg_catalog.pg_proc", "ok"): 1},
               {("BEGIN", "ok"): 1, ("CALL", "ok"): 4, ("ROLLBACK", "ok"): 1}),
}
TRAFFIC = {"simple": 20, "transactions": 5, "copied": 3, "extended": 20, "pipelined": 5,
           "concurrent": 50, "big": 3, "cancelled": 3, "notified": 5, "called": 3}
CUT_TRAFFIC = {"simple": 3, "transactions": 2, "extended": 7, "pipelined": 2, "notified": 2}

# Likewise of postgres_large_reads.py.
SMALL = {("SELECT one", "ok"): 100}
LARGE_MODES = {
    "selected": (SMALL, {("SELECT many", "ok"): 1}),
    "late_errors": (SMALL, {("SELECT numbers", "failed"): 1}),
    "copied": (SMALL, {("COPY numbers", "ok"): 1}),
    "executed": (SMALL, {("SELECT many", "ok"): 1}),
    "pipelined": (SMALL, {("SELECT many", "ok"): 3}),
}
LARGE_TRAFFIC = dict.fromkeys(LARGE_MODES, 4)

# Eight clients, so many transactions each: of one query, and of three in libpq's pipeline mode.
PGBENCH_CLIENTS, PGBENCH_EACH = 8, 50
PGBENCH_PIPELINE = """\
\\startpipeline
SELECT id FROM one;
SELECT id FROM one;
SELECT id FROM one;
\\endpipeline
"""


class L7Postgres(L7TestCase):
    PROTOCOL, PORT = "postgres", 5432
    # Of several at once whose ends were not captured, the first has all bytes but the last one's.
    QUIET = ("SELECT many",)

    @classmethod
    def setUpClass(cls):
        require_programs("openssl", *(f"{PROGRAMS}/{x}" for x in ("postgres", "psql", "pgbench")))
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("postgres_requests.py", "postgres_large_reads.py", "large_reads.py")
        home = self.folder / "postgres"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        (self.folder / "password").write_text("secret\n")
        (self.folder / "schema.sql").write_text(SCHEMA)
        (self.folder / "pipeline.sql").write_text(PGBENCH_PIPELINE)
        self.server.run(*AS_NOBODY, f"{PROGRAMS}/initdb", "-D", DATA, "-U", "test", "--no-sync",
                        "-E", "UTF8", "--locale=C", "--auth-host=scram-sha-256",
                        "--auth-local=trust", f"--pwfile={WORK}/password")
        with open(home / "data/pg_hba.conf", "a", encoding="utf-8") as rules:
            rules.write("host all all all scram-sha-256\n")
        self.server.start(*AS_NOBODY, f"{PROGRAMS}/postgres", "-D", DATA, "-k", HOME,
                          "-c", "listen_addresses=*", "-c", "fsync=off", "-p", self.PORT)
        self.server.wait_for_port(self.PORT)
        self._query_locally("-f", f"{WORK}/schema.sql")
        self.server.run(f"{PROGRAMS}/pgbench", "-h", HOME, "-U", "test", "-i", "-q", "postgres")

    def _query_locally(self, *options):
        """Over the server's own socket, which is no connection that is looked at."""
        return self.server.run(f"{PROGRAMS}/psql", "-h", HOME, "-U", "test", "-d", "postgres",
                               "-v", "ON_ERROR_STOP=1", *options)

    def _query(self, address, query, mode="prefer"):
        host, _, port = address.rpartition(":")
        return self.client.run(f"{PROGRAMS}/psql", "-X", "-c", query,
                               f"host={host} port={port} dbname=postgres user=test "
                               f"password=secret sslmode={mode}")

    def _make(self, traffic, address, program="postgres_requests.py"):
        host, _, port = address.rpartition(":")
        self.client.run(PYTHON, f"{WORK}/{program}", host, port,
                        *(f"{mode}={count}" for mode, count in traffic.items()))

    def _pgbench(self, *options):
        self.client.run("/bin/sh", "-c", 'PGPASSWORD=secret exec "$@"', "sh",
                        f"{PROGRAMS}/pgbench", "-h", self.server.address, "-U", "test", "-n",
                        "-c", PGBENCH_CLIENTS, "-t", PGBENCH_EACH, *options, "postgres")

    def test_every_query_is_counted_on_both_sides(self):
        self.watch(lambda: self._query(self.address, "SELECT 'ready'"))
        self._make(TRAFFIC, self.address)
        expected = expected_of(MODES, TRAFFIC)
        self.check_traced(expected)
        for mode in ("simple", "extended", "prepared"):
            self._pgbench("-S", "-M", mode)
        self._pgbench("-f", f"{WORK}/pipeline.sql", "-M", "prepared")
        outcomes = by_outcome(expected)
        # Of its own tables it asks before it begins: how large, and whether partitioned.
        outcomes["ok"] += 3 * (PGBENCH_CLIENTS * PGBENCH_EACH + 2)
        outcomes["ok"] += 3 * PGBENCH_CLIENTS * PGBENCH_EACH
        self.check_counted(outcomes, unanswered=outcomes["unknown"])
        # What is behind a large parameter was perhaps not captured: it is counted by the answers.
        self._make({"large_parameters": 3}, self.address)
        outcomes["ok"] += 3
        self.check_counted(outcomes, unanswered=outcomes["unknown"],
                           not_understood=("not_captured",))

    def test_how_long_answers_end_in_large_receives(self):
        """Of which the client's side has the beginning and the end: it is the server's, which sends
        little by little and is seen in full, that says what is right."""
        self.watch(lambda: self._query(self.address, "SELECT 'ready'"))
        self._make(LARGE_TRAFFIC, self.address, "postgres_large_reads.py")
        expected = expected_of(LARGE_MODES, LARGE_TRAFFIC)
        client, server = self.check_traced(expected)
        self.assertEqual(bytes_by_operation(client), bytes_by_operation(server))
        self.check_counted(by_outcome(expected))

    def test_queries_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._query(sides[0].address, "SELECT 'ready'"), sides=sides)
        self._make(CUT_TRAFFIC, sides[0].address)
        expected = expected_of(MODES, CUT_TRAFFIC)
        outcomes = by_outcome(expected)
        self.check_counted(outcomes, sides=sides, unanswered=outcomes["unknown"])
        self.check_traced(expected, sides=sides)

    def test_what_is_encrypted_is_not_looked_at(self):
        """It was refused before, and the queries came in the clear; now the server accepts."""
        self.watch(lambda: self._query(self.address, "SELECT 'ready'"))
        self._query(self.address, "SELECT id FROM one")
        data = self.folder / "postgres/data"
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server",
             "-keyout", data / "server.key", "-out", data / "server.crt"])
        for file in (data / "server.key", data / "server.crt"):
            os.chown(file, NOBODY, NOBODY)
        self._query_locally("-c", "ALTER SYSTEM SET ssl = on")
        self._query_locally("-c", "SELECT pg_reload_conf()")
        for _ in range(3):
            self._query(self.address, "SELECT id FROM one", mode="require")
        self._query(self.address, "SELECT id FROM one", mode="disable")
        self.check_counted({"ok": 2}, not_understood=("out_of_sync",))
        self.check_traced({("SELECT one", "ok"): 2})


if __name__ == "__main__":
    unittest.main()
