# SPDX-License-Identifier: Apache-2.0
"""DNS between containers, over UDP and TCP: every query is counted, on both sides, and the names that
it tells stand for addresses."""

import collections
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK, HostPrograms
from tests.e2e.harness.l7_case import SETTLE_SECONDS, L7TestCase, Side
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.waiting import wait_until
from tests.e2e.programs.dns_requests import MISSING, MODES, NOERROR, NXDOMAIN, WEB
from tests.e2e.test_record_replay import record, replay

WEB_PORT = 8080
LONG = "x" * 200
CONNECTS = "container_net_tcp_successful_connects_total"
TRAFFIC = {"connected": 50, "one_socket": 30, "mapped": 10, "unconnected": 20, "messages": 10,
           "at_once": 5, "concurrent": 25, "tcp": 20, "dribbled": 3}
OUTCOMES = {"broken": 7, "unanswered": 3}


def made_by(traffic):
    """{(operation, outcome, response code): how many}"""
    made = collections.Counter()
    for mode, count in traffic.items():
        made.update({what: n * count for what, n in MODES[mode][1].items()})
    return made


def by(part, made):
    result = collections.Counter()
    for what, n in made.items():
        result[what[part]] += n
    return result


class L7Dns(L7TestCase):
    PROTOCOL, WHAT, PORT = "dns", "requests", 53

    @classmethod
    def setUpClass(cls):
        require_programs("dnsmasq", "dig", "getent")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("dns_requests.py")
        self.web = self.start_container("web")
        self.server.start(
            "/usr/sbin/dnsmasq", "-k", "-C", "/dev/null", "-u", "root", "-x", "/tmp/dnsmasq.pid",
            "-R", "-h", f"--listen-address={self.server.address}", "--bind-interfaces",
            "--local=/example/", f"--host-record=web.example,{self.web.address}",
            "--cname=alias.example,web.example",
            f"--txt-record=big.example,{LONG},{LONG},{LONG},{LONG}")
        self.server.wait_for_port(self.PORT)
        self._write(self.client, "/etc/resolv.conf",
                    f"search .\nnameserver {self.server.address}")
        self._write(self.client, "/etc/nsswitch.conf", "hosts: files dns")

    @staticmethod
    def _write(container, path, line):
        container.run("/bin/sh", "-c", f"printf '%b\\n' '{line}' > {path}")

    def _dig(self, *arguments):
        return self.client.run("/usr/bin/dig", f"@{self.server.address}", "+tries=1", *arguments)

    def _resolve(self, name, count=1):
        self.client.run(PYTHON, "-c", "import contextlib, socket, sys\n"
                        "for _ in range(int(sys.argv[2])):\n"
                        "    with contextlib.suppress(OSError):\n"
                        "        socket.getaddrinfo(sys.argv[1], 80)", name, count)

    def _make(self, traffic, server=None, client=None):
        (client or self.client).run(PYTHON, f"{WORK}/dns_requests.py",
                                    (server or self.server).address, self.PORT,
                                    *(f"{mode}={count}" for mode, count in traffic.items()))

    def test_every_query_is_counted_on_both_sides(self):
        self.watch(lambda: self._dig("ready.example"))
        self._make(TRAFFIC)
        made = made_by(TRAFFIC)
        for _ in range(3):
            self.assertIn(self.web.address,
                          self.client.run("/usr/bin/getent", "ahostsv4", "web.example"))
        # glibc asks for both kinds of addresses at once, in one system call.
        self._resolve("web.example", 10)
        made.update({WEB: 13, ("AAAA web.example", "ok", NOERROR): 10})
        self._dig("missing.example", "A", "missing.example", "MX", "alias.example", "A")
        made.update({MISSING: 1, ("MX missing.example", "failed", NXDOMAIN): 1,
                     ("A alias.example", "ok", NOERROR): 1})
        # What does not fit into a datagram is asked for again over TCP.
        self.assertIn("using TCP", self._dig("+noedns", "big.example", "TXT").replace(
            ";; Truncated, retrying in TCP mode.", "using TCP"))
        made.update({("TXT big.example", "ok", NOERROR): 2})
        told = self.check_traced(made, of=("operation", "outcome", "status"))
        self.check_counted(by(1, made))
        metrics = self.check_counted(
            {(kind, f"{name}.example", outcome): n for (operation, outcome, _), n in made.items()
             for kind, name in [operation.removesuffix(".example").split(" ")]},
            by=("request_type", "domain", "status"))
        self.assertEqual(metrics.value("ip_to_fqdn", ip=self.web.address, fqdn="alias.example"), 1)
        for events in told:
            self.assertEqual({x["comm"] for x in events} - {"isc-net-0000", "isc-worker0000"},
                             {"dnsmasq"} if events is told[1] else {"python3", "getent", "dig"})

    def test_servers_that_fail_and_servers_that_are_silent(self):
        """One on IPv4, and one that is asked in its own container on IPv6."""
        failing = self.start_container("failing")
        six = HostPrograms(self, f"six-{self.sandbox.folder.name}", self.folder,
                           options=("--sysctl", "net.ipv6.conf.all.disable_ipv6=0"))
        six.address = "::1"
        asked = ((self.client, failing), (six, six))
        sides = []
        for client, server in asked:
            server.start(PYTHON, f"{WORK}/dns_requests.py", "serve", server.address, self.PORT)
            at = f"[{server.address}]" if server is six else server.address
            sides += [Side(client, False, f"{at}:{self.PORT}"),
                      Side(server, True, f"{at}:{self.PORT}")]
        # Nobody can see when a server is there, but by an answer.
        self.watch(lambda: [client.run(
            "/bin/sh", "-c", f"/usr/bin/dig @{server.address} +tries=1 +time=1 "
            "ready.broken.example || true") for client, server in asked],
                   "--tick-interval", "500ms", sides=sides)
        for client, server in asked:
            self._make(OUTCOMES, server, client)
        six.address = "[::1]"  # As it is shown.
        made = made_by(OUTCOMES)
        self.check_counted(by(1, made), sides=sides, unanswered=OUTCOMES["unanswered"])
        self.check_traced(made, of=("operation", "outcome", "status"), sides=sides)

    def _fetch(self, host, count):
        self.client.run(PYTHON, "-c", "import sys, urllib.request\n"
                        "for _ in range(int(sys.argv[2])):\n"
                        "    urllib.request.urlopen(sys.argv[1]).read()",
                        f"http://{host}:{WEB_PORT}/etc/", count)

    def test_names_stand_for_the_addresses_that_were_dialled(self):
        self._write(self.web, "/etc/nsswitch.conf", "hosts: files")  # It looks for its own name.
        self.web.start(PYTHON, "-m", "http.server", WEB_PORT, "-d", WORK)
        self.web.wait_for_port(WEB_PORT)
        agent = self.start_agent("--l7", "--ring-bytes", "8MiB")
        trace = self.start_trace("dns", "--ring-bytes", "8MiB", "-c", self.client.name,
                                 "--allow-loss")
        wait_until(lambda: self._resolve("ready.example") or trace.events(), 30,
                   "the trace to show a query")
        address = f"{self.web.address}:{WEB_PORT}"
        expected = {(address, address): 3}
        self._fetch(self.web.address, 3)
        self._await_destinations(agent, expected)
        # Those from before the name was known are shown under it.
        self._fetch("web.example", 4)
        expected = {("web.example:8080", address): 7}
        self._await_destinations(agent, expected)
        # Another name for the same address is another destination, and leaves the first as it is.
        self._fetch("alias.example", 2)
        self._fetch("web.example", 1)
        expected = {("web.example:8080", address): 8, ("alias.example:8080", address): 2}
        metrics = self._await_destinations(agent, expected)
        self.assertEqual(metrics.value("ip_to_fqdn", ip=self.web.address, fqdn="web.example"), 1)
        self.assertEqual(metrics.value("container_dns_requests_total",
                                       container_id=self.client.container_id, status="ok"), 2 * 7)
        self.assert_nothing_lost(metrics)
        self._check_lines(trace)

    def _check_lines(self, trace):
        def lines(events):
            return collections.Counter((x["request_type"], x["domain"], x["status"], x["answers"])
                                       for x in events if x["domain"] != "ready.example")

        wait_until(lambda: lines(trace.events()).total() >= 2 * 7, SETTLE_SECONDS, "14 queries")
        code, events, talk = trace.finish()
        self.assertEqual(code, 0, talk)
        web, alias = f"A {self.web.address}", "CNAME web.example"
        self.assertEqual(lines(events), {("A", "web.example", NOERROR, web): 5,
                                         ("AAAA", "web.example", NOERROR, ""): 5,
                                         ("A", "alias.example", NOERROR, f"{alias}, {web}"): 2,
                                         ("AAAA", "alias.example", NOERROR, alias): 2})
        self.assertEqual({(x["direction"], x["peer"]) for x in events},
                         {("outbound", f"{self.server.address}:{self.PORT}")})

    def test_a_recording_says_the_same(self):
        path = str(self.folder / "dns.rec")
        self.sandbox.folder.chmod(0o755)
        recording = record(self, path, "--l7", "--ring-bytes", "8MiB")
        self._make({"connected": 5, "tcp": 3, "unconnected": 2})

        def said(metrics):
            return {(name, labels): value for name, samples in metrics.samples.items()
                    if name.startswith(("container_dns_", "ip_to_fqdn"))
                    for labels, value in samples.items()
                    if self.web.address in dict(labels).values()
                    or dict(labels).get("container_id") in (self.client.container_id,
                                                            self.server.container_id)}

        def total(metrics):
            return sum(value for (name, _), value in said(metrics).items()
                       if name.endswith("_requests_total"))

        live = recording.agent.wait_for(lambda m: total(m) == 2 * 15, SETTLE_SECONDS,
                                        "15 queries on both sides")
        self.assertEqual(recording.end(), 0)
        replayed = replay(self, path).agent.wait_for(lambda m: total(m) == 2 * 15, SETTLE_SECONDS,
                                                     "the same of the recording")
        self.assertEqual(said(replayed), said(live))
        self.assertIn(("ip_to_fqdn", self.web.address), {(name, dict(labels).get("ip"))
                                                         for name, labels in said(live)})

    def _await_destinations(self, agent, expected):
        """Of connections and requests alike."""
        def made(metrics, family):
            return {(labels["destination"], labels["actual_destination"]): value
                    for labels, value in metrics.series(family,
                                                        container_id=self.client.container_id)}

        def both(metrics):
            return [made(metrics, x) for x in (CONNECTS, "container_http_requests_total")]

        seen = []

        def shows(metrics):
            seen[:] = both(metrics)
            return seen == [expected, expected]

        return agent.wait_for(shows, SETTLE_SECONDS, f"{expected}")


if __name__ == "__main__":
    unittest.main()
