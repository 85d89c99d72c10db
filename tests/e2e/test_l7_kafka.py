# SPDX-License-Identifier: Apache-2.0
"""Kafka between containers: one broker, asked by kafka-python and by Kafka's own client."""

import collections
import json
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.java import JavaProgram
from tests.e2e.harness.l7_case import L7TestCase, by_outcome

# The broker asks its own controller there all the time.
CONTROLLER_PORT = 9093
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk"

BROKER = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=/tmp/kafka
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
num.network.threads=1
num.io.threads=2
message.max.bytes=4194304
"""

BY_HAND = {
    ("Produce orders", "ok"): 32, ("Produce orders", "unknown"): 6, ("Fetch orders", "ok"): 10,
    ("Fetch orders", "failed"): 1, ("Produce nothing", "failed"): 1,
    ("Fetch nothing", "failed"): 2, ("Metadata orders", "ok"): 2, ("Metadata", "ok"): 2,
    ("Metadata nothing", "failed"): 2, ("ListOffsets orders", "ok"): 1,
    ("ListOffsets nothing", "failed"): 1,
}
PIPELINED = {("Produce orders", "ok"): 100, ("Metadata orders", "ok"): 40,
             ("Metadata nothing", "failed"): 40}
FEW = {("Produce orders", "ok"): 10, ("Produce orders", "unknown"): 1,
       ("Produce nothing", "failed"): 1, ("Fetch orders", "ok"): 1, ("Metadata orders", "ok"): 1,
       ("Metadata nothing", "failed"): 1}
RECORDS = 50


class L7Kafka(L7TestCase):
    PROTOCOL, WHAT, PORT = "kafka", "requests", 9092

    @classmethod
    def setUpClass(cls):
        cls.kafka = JavaProgram("kafka")
        cls.PACKAGES = cls.kafka.mounts
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("kafka_requests.py")

    def is_own_talk(self, address):
        return address.endswith(f":{CONTROLLER_PORT}")

    def _start_broker(self, advertised):
        """Clients are told to ask at `advertised`."""
        (self.folder / "broker").write_text(BROKER.format(
            port=self.PORT, controller=CONTROLLER_PORT, advertised=advertised))
        self.server.run(*self.kafka.command("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID,
                                            "-c", f"{WORK}/broker", heap="64m"))
        self.server.start(*self.kafka.command("kafka.Kafka", f"{WORK}/broker"))
        self.server.wait_for_port(self.PORT)
        self._ask(self.address, "create")

    def _ask(self, address, *modes):
        """Returns what was asked: (operation, outcome): count."""
        said = self.client.run(PYTHON, f"{WORK}/kafka_requests.py", *address.split(":"), *modes)
        return collections.Counter({(name, outcome): count
                                    for name, outcome, count in json.loads(said)})

    def test_every_request_is_counted_on_both_sides(self):
        self._start_broker(self.address)
        self.watch(lambda: self._ask(self.address, "ready"))
        expected = collections.Counter()
        for mode, made in (("by_hand", BY_HAND), ("pipelined", PIPELINED)):
            asked = self._ask(self.address, mode)
            self.assertEqual(asked, made)
            expected += asked
        expected += self._ask(self.address, "client")
        self.check_counted(by_outcome(expected), unanswered=expected["Produce orders", "unknown"],
                           not_understood=("unanswered",))  # The fetch that is open at the end.
        self.check_traced(expected)

    def test_the_newest_versions(self):
        self._start_broker(self.address)
        self._ask_in_java()
        self.watch(lambda: self._ask(self.address, "ready"))
        total = self._ask_in_java()
        self.check_counted({"ok": total - 2, "failed": 2}, not_understood=("unanswered",))
        for events in self.finish_trace(total):
            operations = collections.Counter(x["operation"].split()[0] for x in events)
            self.assertEqual(operations.total(), total)
            self.assertEqual((operations["CreateTopics"], operations["DeleteTopics"],
                              operations["InitProducerId"]), (1, 1, 1))
            self.assertGreater(operations["Produce"], RECORDS)
            self.assertGreater(operations["Fetch"], 0)

    def _ask_in_java(self):
        """Returns how many answers there were, by the count of Kafka's client."""
        return int(self.client.run(*self.kafka.command("KafkaRequests", self.address, RECORDS)))

    def test_requests_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        address = sides[0].address
        self._start_broker(address)
        self.watch(lambda: self._ask(address, "ready"), sides=sides)
        asked = self._ask(address, "few")
        self.assertEqual(asked, FEW)
        self.check_counted(by_outcome(asked), unanswered=1, sides=sides)
        self.check_traced(asked, sides=sides)


if __name__ == "__main__":
    unittest.main()
