# SPDX-License-Identifier: Apache-2.0
"""troupe map: every edge between containers is there once, with its exact requests, whoever dialled
before it began; and Graphviz reads what it draws."""

import json
import subprocess
import unittest
import xml.etree.ElementTree

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.look_case import PORT, LookTestCase
from tests.e2e.harness.processes import run
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.waiting import wait_until

REFUSED_PORT = 9
REFUSE = f"""
import socket, sys
for _ in range(3):
    assert socket.socket().connect_ex((sys.argv[1], {REFUSED_PORT})) == 111
"""


class Map(LookTestCase):
    PROGRAMS = ("http_requests.py", "held_connection.py")

    @classmethod
    def setUpClass(cls):
        require_programs("dot")
        super().setUpClass()

    def hold_connection(self, client, count):
        """`client` is connected before anybody looks; go() has it make `count` requests."""
        client.start(PYTHON, f"{WORK}/held_connection.py", self.web.address, PORT, count, "/small",
                     WORK)
        wait_until((self.folder / "held").exists, 20, "the connection that is held")

        def go():
            (self.folder / "go").touch()
            wait_until((self.folder / "done").exists, 20, "requests on the held connection")

        return go

    @staticmethod
    def edges(document):
        """{(client, server, address): edge}, each once."""
        result = {}
        for edge in document["edges"]:
            key = edge["client"], edge["server"], edge["address"]
            assert key not in result, key
            result[key] = edge
        return result

    def check_requests(self, edge, requests, failed):
        self.assertEqual([x["protocol"] for x in edge["requests"]], ["http"])
        http = edge["requests"][0]
        self.assertEqual((http["requests"], http["failed"], http["unknown"]),
                         (requests, failed, 0))
        self.assertGreater(http["requests_per_second"], 0)
        self.assertLess(0, http["p50_ns"])
        self.assertLessEqual(http["p50_ns"], http["p95_ns"])
        self.assertLessEqual(http["p95_ns"], http["p99_ns"])
        self.assertGreater(http["request_bytes"], 0)
        self.assertGreater(http["response_bytes"], 0)

    def check_connections(self, edge, connections, connects, still_open):
        self.assertEqual((edge["connections"], edge["connects"], edge["open"]),
                         (connections, connects, still_open))
        self.assertTrue(edge["seen_by_client"])
        self.assertTrue(edge["seen_by_server"])
        self.assertEqual(edge["failed_connects"], 0)

    def test_every_edge_is_there_once_with_its_requests(self):
        late = self.start_container("late")
        go = self.hold_connection(late, 4)
        idle_address = self.own_network(self.web, self.shop)
        child = self.look("map", "--format", "json", containers=(self.web, self.shop, late))
        self.request(30, "/small")
        self.request(5, "/broken")
        self.request(2, "/small", client=self.web, address="127.0.0.1")
        self.shop.run(PYTHON, "-c", REFUSE, idle_address)
        go()
        document = json.loads(self.interrupt(child))
        edges = self.edges(document)
        web, shop, held = (x.container_id for x in (self.web, self.shop, late))
        self.assertEqual(set(edges), {
            (shop, web, self.address), (shop, web, f"{idle_address}:{REFUSED_PORT}"),
            (held, web, self.address), (web, web, f"127.0.0.1:{PORT}")})
        with self.subTest("a client and its server"):
            edge = edges[shop, web, self.address]
            # nginx closes a connection with each 500.
            self.check_connections(edge, 1 + 5, 1 + 5, 0)
            self.check_requests(edge, 35, 5)
            self.assertEqual(edge["bytes_sent"], edge["requests"][0]["request_bytes"])
            self.assertEqual(edge["bytes_received"], edge["requests"][0]["response_bytes"])
        with self.subTest("a connection that was open before"):
            edge = edges[held, web, self.address]
            self.check_connections(edge, 1, 0, 1)
            self.check_requests(edge, 4, 0)
        with self.subTest("a container and itself"):
            edge = edges[web, web, f"127.0.0.1:{PORT}"]
            self.check_connections(edge, 1, 1, 0)
            self.check_requests(edge, 2, 0)
        with self.subTest("who is not let in"):
            edge = edges[shop, web, f"{idle_address}:{REFUSED_PORT}"]
            self.assertEqual((edge["connections"], edge["failed_connects"]), (0, 3))
            self.assertEqual(edge["requests"], [])
        self.assertEqual({node["id"]: node["kind"] for node in document["nodes"]},
                         {x: "container" for x in (web, shop, held)})

    def test_graphviz_reads_it_and_people_do(self):
        self.hold_connection(self.shop, 0)
        dot = self.look("map", "--format", "dot", "--duration", "2s",
                        containers=(self.web, self.shop))
        self.request(3, "/small", client=self.web, address="127.0.0.1")
        self.assertEqual(dot.wait(15), 0, dot.stderr())
        svg = subprocess.run(["dot", "-Tsvg"], input=dot.stdout(), capture_output=True, text=True,
                             timeout=60, check=False)
        self.assertEqual((svg.returncode, svg.stderr), (0, ""))
        titles = [x.text for x in xml.etree.ElementTree.fromstring(svg.stdout).iter(
            "{http://www.w3.org/2000/svg}text")]
        self.assertEqual(titles.count(self.web.container_id), 1)
        self.assertEqual(titles.count(self.shop.container_id), 1)
        text = self.look("map", "--duration", "1s", containers=(self.shop,))
        self.assertEqual(text.wait(15), 0, text.stderr())
        lines = text.stdout().splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertEqual(lines[0].split()[:4], ["CLIENT", "SERVER", "ADDRESS", "PROTOCOL"])
        self.assertEqual(lines[1].split()[:4], [self.shop.container_id, self.web.container_id,
                                                self.address, "tcp"])

    def test_who_does_nothing_is_known_by_address_and_the_machine_too(self):
        gateway = self.dockerd.docker("inspect", "-f", "{{.NetworkSettings.Gateway}}",
                                      self.shop.name).stdout.strip()
        idle_address = self.own_network(self.web, self.shop)
        child = self.look("map", "--format", "json", "--l7", "false", containers=(self.shop,))
        for address in (idle_address, gateway):
            self.shop.run(PYTHON, "-c", REFUSE, address)
        edges = self.edges(json.loads(self.interrupt(child)))
        shop = self.shop.container_id
        # The daemon of this test has a network namespace of its own.
        machine = "machine" if f" {gateway}/" in run(["ip", "-o", "address"]).stdout else "outside"
        self.assertEqual({key: edge["server_kind"] for key, edge in edges.items()},
                         {(shop, self.web.container_id, f"{idle_address}:{REFUSED_PORT}"):
                          "container", (shop, gateway, f"{gateway}:{REFUSED_PORT}"): machine})
        for edge in edges.values():
            self.assertEqual((edge["connections"], edge["failed_connects"]), (0, 3))
            self.assertFalse(edge["seen_by_server"])


if __name__ == "__main__":
    unittest.main()
