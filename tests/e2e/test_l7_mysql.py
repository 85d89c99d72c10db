# SPDX-License-Identifier: Apache-2.0
"""MariaDB, and clients of MySQL and MariaDB, in containers: every query is counted, on both sides."""

import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import (L7TestCase, by_outcome, bytes_by_operation,
                                        expected_of)
from tests.e2e.harness.packages import python_packages
from tests.e2e.harness.processes import run
from tests.e2e.harness.sandbox import require_programs

SERVER = "/usr/sbin/mariadbd"
CLIENT = "/usr/bin/mariadb"
DATA = f"{WORK}/mysql"
SOCKET = "/tmp/mysql.sock"

SCHEMA = """
CREATE DATABASE shop;
USE shop;
CREATE TABLE orders (id int PRIMARY KEY, what text);
CREATE TABLE one AS SELECT 1 AS id;
CREATE TABLE loads (id int, what text);
CREATE TABLE bodies (body longtext);
CREATE TABLE many AS SELECT seq / 10 AS x FROM seq_1_to_10000;
CREATE TABLE guarded LIKE loads;
DELIMITER //
CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW BEGIN
  IF NEW.id = 9000 THEN SIGNAL SQLSTATE '45000'; END IF; END//
CREATE PROCEDURE two_results() BEGIN SELECT 1; SELECT 2; END//
CREATE PROCEDURE many_results() BEGIN SELECT x FROM many; SELECT x FROM many; END//
DELIMITER ;
CREATE USER test@'%' IDENTIFIED BY 'secret';
GRANT ALL ON *.* TO test@'%';
"""

# Modes of mysql_requests.py: what each makes once, and as often as it is told to.
BEGIN = {("SET", "ok"): 2}  # What mysql.connector says first.
MODES = {
    "simple": ({}, {("INSERT orders", "ok"): 1, ("SELECT orders", "ok"): 2,
                    ("INSERT orders", "failed"): 1, ("DELETE orders", "ok"): 1,
                    ("UPDATE nothing", "failed"): 1, ("SELEKT", "failed"): 1}),
    "late_errors": ({}, {("SELECT many", "failed"): 1}),
    "several": ({}, {("SELECT one", "ok"): 1, ("SELECT one", "failed"): 1}),
    "called": ({}, {("CALL two_results", "ok"): 1}),
    "loaded": ({}, {("LOAD loads", "ok"): 1, ("TRUNCATE loads", "ok"): 1,
                    ("LOAD guarded", "failed"): 1}),
    "transactions": ({}, {("BEGIN", "ok"): 1, ("INSERT orders", "ok"): 1, ("ROLLBACK", "ok"): 1}),
    "commands": (BEGIN, {("PING", "ok"): 1, ("INIT_DB", "ok"): 1, ("INIT_DB", "failed"): 1,
                         ("CHANGE_USER", "ok"): 1, ("STATISTICS", "ok"): 1,
                         ("RESET_CONNECTION", "ok"): 1, ("SET", "ok"): 4}),
    "prepared": (BEGIN | {("PING", "ok"): 3, ("PREPARE INSERT orders", "ok"): 1,
                          ("PREPARE SELECT orders", "ok"): 1, ("DELETE orders", "ok"): 1},
                 {("RESET", "ok"): 3, ("INSERT orders", "ok"): 1, ("SELECT orders", "ok"): 1,
                  ("INSERT orders", "failed"): 1, ("PREPARE SELECT nothing", "failed"): 1}),
    "big": ({("INSERT bodies", "ok"): 1, ("SELECT bodies", "ok"): 1, ("TRUNCATE bodies", "ok"): 1,
             ("SELECT many", "ok"): 1},
            {("INSERT bodies", "ok"): 1, ("SELECT bodies", "ok"): 1, ("TRUNCATE bodies", "ok"): 1,
             ("SELECT many", "ok"): 1}),
    "concurrent": ({}, {("SELECT one", "ok"): 8}),
}
TRAFFIC = {"simple": 20, "late_errors": 3, "several": 10, "called": 5, "loaded": 3,
           "transactions": 5, "commands": 5, "prepared": 20, "big": 2, "concurrent": 50}
CUT_TRAFFIC = {"simple": 3, "several": 2, "called": 2, "transactions": 2, "commands": 2,
               "prepared": 3}

# Likewise of mysql_large_reads.py.
SMALL = {("SELECT one", "ok"): 100}
LARGE_MODES = {
    "selected": (SMALL, {("SELECT many", "ok"): 1}),
    "late_errors": (SMALL, {("SELECT many", "failed"): 1}),
    "long_rows": (SMALL, {("SELECT many", "ok"): 1}),
    "called": (SMALL, {("CALL many_results", "ok"): 1}),
}
LARGE_TRAFFIC = dict.fromkeys(LARGE_MODES, 4)


class L7MySql(L7TestCase):
    PROTOCOL, PORT = "mysql", 3306

    @classmethod
    def setUpClass(cls):
        require_programs(SERVER, CLIENT, "openssl")
        cls.python_path = python_packages("mysql")
        cls.PACKAGES = (cls.python_path,)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("mysql_requests.py", "mysql_large_reads.py", "large_reads.py")
        (self.folder / "schema.sql").write_text(SCHEMA)
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server",
             "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"])
        self.server.run("/usr/bin/mariadb-install-db", "--no-defaults", "--user=root",
                        f"--datadir={DATA}", "--skip-test-db",
                        "--auth-root-authentication-method=normal")
        self.server.start(SERVER, "--no-defaults", "--user=root", f"--datadir={DATA}",
                          f"--socket={SOCKET}", "--bind-address=0.0.0.0", "--skip-name-resolve",
                          f"--port={self.PORT}", "--local-infile=1", "--max-allowed-packet=64M",
                          "--innodb-flush-log-at-trx-commit=0",
                          f"--ssl-cert={WORK}/cert.pem", f"--ssl-key={WORK}/key.pem")
        self.server.wait_for_port(self.PORT)
        self.server.run("/bin/sh", "-c", f"{CLIENT} --no-defaults -S {SOCKET} <{WORK}/schema.sql")

    def _query(self, address, query, *options):
        host, _, port = address.rpartition(":")
        return self.client.run(CLIENT, "--no-defaults", "-h", host, "-P", port, "-u", "test",
                               "-psecret", *(options or ["--skip-ssl"]), "-e", query)

    def _make(self, traffic, address, program="mysql_requests.py"):
        host, _, port = address.rpartition(":")
        self.client.run("/usr/bin/env", f"PYTHONPATH={self.python_path}", PYTHON,
                        f"{WORK}/{program}", host, port,
                        *(f"{mode}={count}" for mode, count in traffic.items()))

    def test_every_query_is_counted_on_both_sides(self):
        self.watch(lambda: self._query(self.address, "SELECT 'ready'"))
        self._make(TRAFFIC, self.address)
        expected = expected_of(MODES, TRAFFIC)
        self.check_traced(expected)
        self.check_counted(by_outcome(expected))

    def test_how_long_answers_end_in_large_receives(self):
        self.watch(lambda: self._query(self.address, "SELECT 'ready'"))
        self._make(LARGE_TRAFFIC, self.address, "mysql_large_reads.py")
        expected = expected_of(LARGE_MODES, LARGE_TRAFFIC)
        client, server = self.check_traced(expected)
        self.assertEqual(bytes_by_operation(client), bytes_by_operation(server))
        self.check_counted(by_outcome(expected))

    def test_queries_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._query(sides[0].address, "SELECT 'ready'"), sides=sides)
        self._make(CUT_TRAFFIC, sides[0].address)
        expected = expected_of(MODES, CUT_TRAFFIC)
        self.check_traced(expected, sides=sides)
        self.check_counted(by_outcome(expected), sides=sides)

    def test_what_is_encrypted_or_compressed_is_not_looked_at(self):
        self.watch(lambda: self._query(self.address, "SELECT 'ready'"))
        for _ in range(3):
            self._query(self.address, "SELECT id FROM shop.one", "--compress", "--skip-ssl")
            self._query(self.address, "SELECT id FROM shop.one", "--ssl")
        self._query(self.address, "SELECT id FROM shop.one")
        self.check_counted({"ok": 1}, not_understood=("out_of_sync",))
        self.check_traced({("SELECT shop.one", "ok"): 1})


if __name__ == "__main__":
    unittest.main()
