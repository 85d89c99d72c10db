# SPDX-License-Identifier: Apache-2.0
"""Cassandra between containers: one server, asked by Debian's driver in versions 4 and 5 of CQL's
protocol, of which the latter has its messages in frames."""

import collections
import json
import os
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.java import JavaProgram
from tests.e2e.harness.l7_case import L7TestCase, by_outcome
from tests.e2e.harness.waiting import wait_until

VERSIONS = (4, 5)
SERVER = """
cluster_name: test
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:7000"
endpoint_snitch: SimpleSnitch
listen_address: 127.0.0.1
rpc_address: {address}
native_transport_port: {port}
start_native_transport: true
num_tokens: 1
auto_bootstrap: false
data_file_directories: [/tmp/cassandra/data]
commitlog_directory: /tmp/cassandra/commitlog
saved_caches_directory: /tmp/cassandra/caches
hints_directory: /tmp/cassandra/hints
cdc_raw_directory: /tmp/cassandra/cdc
commitlog_sync: periodic
commitlog_sync_period: 10s
commitlog_segment_size: 4MiB
memtable_heap_space: 32MiB
memtable_offheap_space: 32MiB
concurrent_reads: 4
concurrent_writes: 4
"""
LOGGING = """
<configuration>
  <appender name="stderr" class="ch.qos.logback.core.ConsoleAppender">
    <target>System.err</target>
    <encoder><pattern>%level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="stderr"/></root>
</configuration>
"""
# What Cassandra asks of Java 17: its own list, as far as one node needs it.
OPENED = (
    "java.base/java.io", "java.base/java.lang", "java.base/java.lang.reflect", "java.base/java.nio",
    "java.base/java.util", "java.base/java.util.concurrent", "java.base/sun.nio.ch",
    "java.base/java.util.concurrent.atomic", "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref", "java.base/jdk.internal.util.jar", "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server", "java.rmi/sun.rmi.transport", "java.rmi/sun.rmi.transport.tcp",
    "java.management.rmi/javax.management.remote.rmi", "java.sql/java.sql",
    "java.management/com.sun.jmx.remote.security",
    "jdk.management/com.sun.management.internal",
)
# One node has nobody to wait for.
OPTIONS = (
    "-Dcassandra.skip_wait_for_gossip_to_settle=0", "-Dcassandra.ring_delay_ms=1",
    "-Dcassandra.storagedir=/tmp/cassandra",
    f"-Dcassandra.config=file://{WORK}/conf/cassandra.yaml",
    "-Dcassandra-foreground=yes", "-Xss512k",
    *(f"--add-{how}={module}=ALL-UNNAMED" for module in OPENED for how in ("opens", "exports")),
)

# What the driver asks of its own, on one connection to look around and one to work with.
DRIVER = {("OPTIONS", "ok"): 2, ("STARTUP", "ok"): 2, ("REGISTER", "ok"): 1,
          ("SELECT system.peers_v2", "ok"): 1, ("SELECT system.local", "ok"): 2}
ORDERS = "shop.orders"
TRAFFIC = {
    "simple": {(f"INSERT {ORDERS}", "ok"): 50},
    "by_preparing": {(f"PREPARE INSERT {ORDERS}", "ok"): 1, (f"PREPARE SELECT {ORDERS}", "ok"): 1,
                     (f"INSERT {ORDERS}", "ok"): 50, (f"SELECT {ORDERS}", "ok"): 300},
    "in_batches": {(f"PREPARE INSERT {ORDERS}", "ok"): 1, ("BATCH", "ok"): 10},
    "failing": {("SELECT shop.nothing", "failed"): 7, ("SELECT WHERE", "failed"): 5},
    "big": {(f"PREPARE INSERT {ORDERS}", "ok"): 1, (f"PREPARE SELECT {ORDERS}", "ok"): 1,
            (f"INSERT {ORDERS}", "ok"): 4, (f"SELECT {ORDERS}", "ok"): 3},
}
FEW = {(f"PREPARE INSERT {ORDERS}", "ok"): 1, (f"INSERT {ORDERS}", "ok"): 10,
       (f"SELECT {ORDERS}", "ok"): 1, ("SELECT shop.nothing", "failed"): 1}


class L7Cassandra(L7TestCase):
    PROTOCOL, PORT = "cassandra", 9042

    @classmethod
    def setUpClass(cls):
        cls.cassandra = JavaProgram("cassandra")
        cls.PACKAGES = cls.cassandra.mounts
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("cassandra_requests.py")
        conf = self.folder / "conf"
        conf.mkdir()
        (conf / "cassandra.yaml").write_text(SERVER.format(address=self.server.address,
                                                           port=self.PORT))
        (conf / "logback.xml").write_text(LOGGING)
        self.server.start(*self.cassandra.command(
            "org.apache.cassandra.service.CassandraDaemon", heap="512m", options=OPTIONS,
            first_on_path=[f"{WORK}/conf"]))
        self.server.wait_for_port(self.PORT, seconds=120)
        self._ask(4, "create")

    def _command(self, version, modes, address=None):
        return (PYTHON, f"{WORK}/cassandra_requests.py", *(address or self.address).split(":"),
                version, *modes)

    def _ask(self, version, *modes, address=None):
        """Returns what was asked: (operation, outcome): count."""
        said = self.client.run(*self._command(version, modes, address))
        return collections.Counter({(name, outcome): count
                                    for name, outcome, count in json.loads(said)})

    def _watch(self, sides=None, versions=VERSIONS):
        address = (sides or self.sides())[0].address
        self.watch(lambda: [self._ask(x, "ready", address=address) for x in versions], sides=sides)

    def test_every_request_is_counted_on_both_sides(self):
        self._watch()
        expected = collections.Counter()
        for version in VERSIONS:
            for mode, made in TRAFFIC.items():
                asked = self._ask(version, mode)
                self.assertLessEqual(collections.Counter(made | DRIVER), asked)
                expected += asked
        # Of the frames that version 5 puts a large message into, those behind the first 32 KiB of a
        # send are not known. All requests are.
        self.check_counted(by_outcome(expected), not_understood=("not_captured", "out_of_sync"))
        self.check_traced(expected)

    def test_requests_cut_at_every_byte(self):
        """Only in version 4: the driver cannot read a frame's header in pieces."""
        sides = self.start_byte_proxy()
        self._watch(sides, versions=[4])
        asked = self._ask(4, "few", address=sides[0].address)
        self.assertEqual(asked, FEW | DRIVER)
        self.check_counted(by_outcome(asked), sides=sides)
        self.check_traced(asked, sides=sides)

    def test_connections_that_are_older_than_the_agent(self):
        """What was prepared before it has no name."""
        for version in VERSIONS:
            os.mkfifo(self.folder / f"go-{version}")
            self.client.start(*self._command(version, ["midstream"]))
            wait_until((self.folder / f"ready-{version}").exists, 20, "a client to be ready")
        self._watch()
        for version in VERSIONS:
            (self.folder / f"go-{version}").write_text("go")
            wait_until((self.folder / f"done-{version}").exists, 20, "a client to be done")
        expected = {("EXECUTE", "ok"): 40, (f"SELECT {ORDERS}", "ok"): 40}
        self.check_counted(by_outcome(expected))
        self.check_traced(expected)


if __name__ == "__main__":
    unittest.main()
