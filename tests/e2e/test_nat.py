# SPDX-License-Identifier: Apache-2.0
"""Addresses that are translated on the way: what was dialled is the destination, where it went the
actual one, in exact counts of connections and of HTTP requests."""

import collections
import pathlib
import shutil
import tempfile
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.host_programs import PYTHON, WORK, HostPrograms
from tests.e2e.harness.images import PROGRAMS
from tests.e2e.harness.processes import run
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.workload import PORT as KEPT_PORT
from tests.e2e.harness.workload import OrderedClient, start_server

PORT = 8080
PUBLISHED_PORT = 18080
CLOSED_PORT = 9
SILENT_PORT = 10  # What comes in there is dropped.
SETTLE_SECONDS = 20
RING = ("--ring-bytes", "8MiB")
NET6 = "fd00:e2e::/64"

# As Kubernetes' services: nobody has these addresses.
BALANCED = "10.96.0.10"
ONE_BACKEND = "10.96.0.11"
TO_NOBODY = "10.96.0.12"
KEPT = "10.96.0.13"
TO_SILENCE = "10.96.0.14"
NAME_SERVER = "10.96.0.15"
IN_CONTAINER = "10.97.0.1"   # Translated in the client's own namespace alone.
BOTH = "10.98.0.1"           # There first, then outside.
BALANCED6 = "fd00:96::10"
SERVICE_PORT = 80
DNS_PORT = 53
QUERY = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\3web\7example\0\0\1\0\1"  # Of type A.
SERVICES = "E2E-SERVICES"  # A chain of ours.
JUMP = ("PREROUTING", "-j", SERVICES)
MASQUERADE = ("POSTROUTING", "-m", "conntrack", "--ctstate", "DNAT", "-j", "MASQUERADE")

NGINX = f"""
user root;
daemon off;
pid /tmp/nginx.pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {{
    listen {PORT};
    listen [::]:{PORT};
    root {WORK}/files;
  }}
}}
"""

CONNECTS = "container_net_tcp_successful_connects_total"
FAILED = "container_net_tcp_failed_connects_total"
ACTIVE = "container_net_tcp_active_connections"
ACCEPTED = "container_net_tcp_inbound_successful_connects_total"
REQUESTS = "container_http_requests_total"
INBOUND_REQUESTS = "container_http_inbound_requests_total"


def text_of(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Nat(RuntimeTestCase):
    @classmethod
    def setUpClass(cls):
        require_programs("dnsmasq", "ip6tables", "nginx")
        super().setUpClass()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nat-", dir=self.sandbox.folder))
        self.addCleanup(self._tidy)
        (self.folder / "files").mkdir()
        (self.folder / "files" / "small").write_text("small\n")
        (self.folder / "nginx.conf").write_text(NGINX)
        shutil.copy(PROGRAMS / "nat_requests.py", self.folder)
        self.net = self._name("net")
        self.dockerd.docker("network", "create", "--ipv6", "--subnet", NET6, self.net)
        self.servers = [self._start_server("one", "-p", f"{PUBLISHED_PORT}:{PORT}"),
                        self._start_server("two")]
        self.client = self._start("client")
        self._translate()

    def _tidy(self):
        """For the next test. Runs last: after the containers are gone."""
        self.dockerd.docker("network", "rm", self.net, check=False)
        for program in ("iptables", "ip6tables"):
            self._in_node(program, "-t", "nat", "-D", *MASQUERADE, check=False)
            self._in_node(program, "-t", "nat", "-D", *JUMP, check=False)
            self._in_node(program, "-t", "nat", "-F", SERVICES, check=False)

    def _name(self, role):
        """Agents see all containers of the machine, also those of other tests."""
        return f"{role}-{self.sandbox.folder.name}"

    def _start(self, role, *options):
        """In the network that has both families."""
        container = HostPrograms(self, self._name(role), self.folder,
                                 options=("--network", self.net, *options))
        network = self.dockerd.inspect(container.name)["NetworkSettings"]["Networks"][self.net]
        container.address = network["IPAddress"]
        container.address6 = network["GlobalIPv6Address"]
        container.gateway = network["Gateway"]
        return container

    def _start_server(self, role, *options):
        server = self._start(role, *options)
        server.start("/usr/sbin/nginx", "-c", f"{WORK}/nginx.conf", "-p", "/tmp")
        server.wait_for_port(PORT)
        return server

    def _in_node(self, *command, check=True):
        """In the namespace of dockerd, as on a node."""
        run(self.sandbox.inside(command), check=check)

    def _in_container(self, container, *command):
        """In its network namespace."""
        pid = self.dockerd.inspect(container.name)["State"]["Pid"]
        run(["nsenter", "-t", pid, "-n", *command])

    def _translate(self):
        """As kube-proxy does, and in the client as a service mesh."""
        one, two = self.servers
        for program in ("iptables", "ip6tables"):
            self._in_node(program, "-t", "nat", "-N", SERVICES, check=False)
            self._in_node(program, "-t", "nat", "-A", *JUMP)
            # The answers have to come back through here, though both are on one bridge.
            self._in_node(program, "-t", "nat", "-I", *MASQUERADE)

        def rule(program, service, *to):
            return (program, "-t", "nat", "-A", SERVICES, "-p", "tcp", "-d", service, "--dport",
                    SERVICE_PORT, *to)

        def dnat(address, port=PORT):
            return "-j", "DNAT", "--to-destination", text_of(address, port)

        every_other = ("-m", "statistic", "--mode", "nth", "--every", "2", "--packet", "0")
        self._in_node(*rule("iptables", BALANCED, *every_other, *dnat(one.address)))
        self._in_node(*rule("iptables", BALANCED, *dnat(two.address)))
        self._in_node(*rule("iptables", ONE_BACKEND, *dnat(two.address)))
        self._in_node(*rule("iptables", TO_NOBODY, *dnat(one.address, CLOSED_PORT)))
        self._in_node(*rule("iptables", TO_SILENCE, *dnat(one.address, SILENT_PORT)))
        self._in_container(one, "iptables", "-A", "INPUT", "-p", "tcp", "--dport", SILENT_PORT,
                           "-j", "DROP")
        self._in_node(*rule("ip6tables", BALANCED6, *every_other, *dnat(one.address6)))
        self._in_node(*rule("ip6tables", BALANCED6, *dnat(two.address6)))
        self._in_node("ip6tables", "-P", "FORWARD", "ACCEPT")
        self._in_node("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for service, to in ((IN_CONTAINER, text_of(one.address, PORT)),
                            (BOTH, text_of(ONE_BACKEND, SERVICE_PORT))):
            self._in_container(self.client, "iptables", "-t", "nat", "-A", "OUTPUT", "-p", "tcp",
                               "-d", service, "--dport", SERVICE_PORT, "-j", "DNAT",
                               "--to-destination", to)

    def _talk(self, address, port, connections, requests, client=None):
        (client or self.client).run(PYTHON, f"{WORK}/nat_requests.py", address, port, connections,
                                    requests)

    def _make_traffic(self):
        """{(destination, actual destination): (connections, requests)} of the client."""
        one, two = self.servers
        self._talk(BALANCED, SERVICE_PORT, 20, 3)
        self._talk(one.address, PORT, 5, 2)
        self._talk(IN_CONTAINER, SERVICE_PORT, 6, 2)
        self._talk(BOTH, SERVICE_PORT, 4, 1)
        self._talk(BALANCED6, SERVICE_PORT, 8, 2)
        self._talk(two.address6, PORT, 3, 1)
        self._talk(TO_NOBODY, SERVICE_PORT, 3, 0)
        self._talk(TO_SILENCE, SERVICE_PORT, 2, -1)
        balanced, balanced6 = text_of(BALANCED, SERVICE_PORT), text_of(BALANCED6, SERVICE_PORT)
        direct, direct6 = text_of(one.address, PORT), text_of(two.address6, PORT)
        return {
            (balanced, direct): (10, 30),
            (balanced, text_of(two.address, PORT)): (10, 30),
            (direct, direct): (5, 10),
            (text_of(IN_CONTAINER, SERVICE_PORT), direct): (6, 12),
            (text_of(BOTH, SERVICE_PORT), text_of(two.address, PORT)): (4, 4),
            (balanced6, text_of(one.address6, PORT)): (4, 8),
            (balanced6, direct6): (4, 8),
            (direct6, direct6): (3, 3),
        }

    @staticmethod
    def _counts(metrics, family, container, *labels):
        counts = collections.Counter()
        for found, value in metrics.series(family, container_id=container.container_id):
            counts[tuple(found[x] for x in labels)] += value
        return +counts

    def _outbound(self, metrics, family, container):
        return self._counts(metrics, family, container, "destination", "actual_destination")

    def test_what_was_dialled_and_where_it_went(self):
        node = HostPrograms(self, self._name("node"), self.folder, options=("--network", "host"))
        trace = self._start_trace()
        agent = self.start_agent("--l7", *RING)
        expected = self._make_traffic()
        connections = {ends: made for ends, (made, _) in expected.items()}
        requests = {ends: made for ends, (_, made) in expected.items()}
        # Of a connect that was refused conntrack keeps nothing: it goes where it says.
        failed = {(text_of(TO_NOBODY, SERVICE_PORT), text_of(TO_NOBODY, SERVICE_PORT)): 3,
                  (text_of(TO_SILENCE, SERVICE_PORT),
                   text_of(self.servers[0].address, SILENT_PORT)): 2}

        def all_counted(metrics):
            return all(self._outbound(metrics, family, self.client).total() >= sum(made.values())
                       for family, made in ((CONNECTS, connections), (REQUESTS, requests),
                                            (FAILED, failed)))

        metrics = agent.wait_for(all_counted, SETTLE_SECONDS, "the client's traffic")
        for family, made in ((CONNECTS, connections), (REQUESTS, requests), (FAILED, failed)):
            with self.subTest(family):
                self.assertEqual(self._outbound(metrics, family, self.client), made)
        with self.subTest("bytes went where the connections went"):
            sent = self._outbound(metrics, "container_net_tcp_bytes_sent_total", self.client)
            self.assertEqual(sent.keys(), connections.keys())
        published = self._check_published_port(agent, node)
        self._check_servers(agent, {**expected, **published})
        self._check_trace(trace, connections)
        with self.subTest("how the questions were answered"):
            answered = {labels["result"]: value for labels, value in
                        metrics.series("troupe_address_translations_total")}
            self.assertGreaterEqual(answered["translated"], 20 + 6 + 4 + 8 + 2)
        self.assert_nothing_lost(metrics)

    def _check_published_port(self, agent, node):
        """Dialled from the node itself, as by a container in its network."""
        gateway, one = self.servers[0].gateway, self.servers[0]
        self._talk(gateway, PUBLISHED_PORT, 7, 2, node)
        ends = (text_of(gateway, PUBLISHED_PORT), text_of(one.address, PORT))
        metrics = agent.wait_for(
            lambda m: self._outbound(m, REQUESTS, node).total() >= 14 and
            self._outbound(m, CONNECTS, node).total() >= 7,
            SETTLE_SECONDS, "14 requests on 7 connections")
        with self.subTest("a published port"):
            self.assertEqual(self._outbound(metrics, CONNECTS, node), {ends: 7})
            self.assertEqual(self._outbound(metrics, REQUESTS, node), {ends: 14})
        return {ends: (7, 14)}

    def _start_trace(self):
        """Of the client; it has begun when it shows something."""
        # Events of containers that only other tests' runtimes know are lost to us.
        trace = self.start_trace("tcp", *RING, "--allow-loss", "-c", self.client.name)

        def shows():
            self._talk(self.servers[0].address, CLOSED_PORT, 1, 0)
            return trace.events()

        wait_until(shows, 30, "the trace to show a connect")
        return trace

    def _check_trace(self, trace, connections):
        """Both addresses of each connection, and who made it, though he has long ended."""
        def shown():
            return collections.Counter((e["action"], e["dst"], e["actual_dst"], e["comm"])
                                       for e in trace.events() if e["action"] != "connect_failed")

        wanted = collections.Counter()
        for ends, made in connections.items():
            for action in ("connect", "close"):
                wanted[action, *ends, "python3"] = made
        wait_until(lambda: shown().total() >= wanted.total(), SETTLE_SECONDS,
                   lambda: f"{wanted}, got {shown()}")
        with self.subTest("the trace"):
            self.assertEqual(shown(), wanted)

    def _check_servers(self, agent, expected):
        """They count what came in, where they listen."""
        def arrived(column):
            counts = collections.Counter()
            for (_, actual), made in expected.items():
                counts[actual] += made[column]
            return counts

        def seen(metrics, family):
            counts = collections.Counter()
            for server in self.servers:
                for (address,), n in self._counts(metrics, family, server, "listen_addr").items():
                    counts[address] += n
            return counts

        for family, column in ((ACCEPTED, 0), (INBOUND_REQUESTS, 1)):
            with self.subTest(family):
                wanted = arrived(column)
                metrics = agent.wait_for(
                    lambda m, f=family, w=wanted: seen(m, f).total() >= w.total(),
                    SETTLE_SECONDS, f"{wanted} of {family}")
                self.assertEqual(seen(metrics, family), wanted)

    def test_a_connection_that_is_older_than_the_agent(self):
        address = start_server(self, self._name("kept"), 1000)
        self._in_node("iptables", "-t", "nat", "-A", SERVICES, "-p", "tcp", "-d", KEPT,
                      "--dport", SERVICE_PORT, "-j", "DNAT", "--to-destination",
                      text_of(address, KEPT_PORT))
        client = OrderedClient(self, self._name("old"))
        client.container_id = f"/docker/{client.name}"
        client.order("open", KEPT, SERVICE_PORT, 1000)
        agent = self.start_agent()
        ends = (text_of(KEPT, SERVICE_PORT), text_of(address, KEPT_PORT))
        metrics = agent.wait_for(lambda m: self._outbound(m, ACTIVE, client).total() >= 1,
                                 SETTLE_SECONDS, "the connection")
        self.assertEqual(self._outbound(metrics, ACTIVE, client), {ends: 1})
        self.assertEqual(self._outbound(metrics, CONNECTS, client), {})

    def test_a_name_server_that_is_a_service(self):
        """Datagrams, each query from a socket of its own."""
        one = self.servers[0]
        one.start("/usr/sbin/dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--user=root",
                  f"--port={DNS_PORT}", "--address=/web.example/192.0.2.1")
        one.wait_for_port(DNS_PORT)
        self._in_node("iptables", "-t", "nat", "-A", SERVICES, "-p", "udp", "-d", NAME_SERVER,
                      "--dport", DNS_PORT, "-j", "DNAT", "--to-destination",
                      text_of(one.address, DNS_PORT))
        agent = self.start_agent("--l7", *RING)
        for _ in range(5):
            self._ask(NAME_SERVER)
        for _ in range(3):
            self._ask(one.address)
        family = "container_dns_requests_total"
        direct = text_of(one.address, DNS_PORT)
        expected = {(text_of(NAME_SERVER, DNS_PORT), direct): 5, (direct, direct): 3}
        metrics = agent.wait_for(
            lambda m: self._outbound(m, family, self.client).total() >= 8, SETTLE_SECONDS,
            "8 queries")
        self.assertEqual(self._outbound(metrics, family, self.client), expected)

    def _ask(self, server):
        """As libc does: on a connected socket. Of others the kernel does not say who sends."""
        self.client.run(PYTHON, "-c", "import socket, sys\n"
                        "asks = socket.socket(type=socket.SOCK_DGRAM)\n"
                        "asks.settimeout(10)\n"
                        f"asks.connect(({server!r}, {DNS_PORT}))\n"
                        f"asks.send({QUERY!r})\n"
                        "sys.exit(asks.recv(512)[:2] != b'\\x12\\x34')\n")

    def test_switched_off_nobody_is_asked(self):
        agent = self.start_agent("--l7", "--nat=false", *RING)
        self._talk(ONE_BACKEND, SERVICE_PORT, 5, 1)
        service = text_of(ONE_BACKEND, SERVICE_PORT)
        metrics = agent.wait_for(
            lambda m: self._outbound(m, REQUESTS, self.client).total() >= 5 and
            self._outbound(m, CONNECTS, self.client).total() >= 5,
            SETTLE_SECONDS, "5 requests")
        self.assertEqual(self._outbound(metrics, REQUESTS, self.client), {(service, service): 5})
        self.assertEqual(self._outbound(metrics, CONNECTS, self.client), {(service, service): 5})
        self.assertEqual(metrics.value("troupe_address_translations_total"), 0)


if __name__ == "__main__":
    unittest.main()
