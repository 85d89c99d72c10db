# SPDX-License-Identifier: Apache-2.0
"""HTTP between containers, nginx and Python's client: N requests are N requests, on both sides."""

import collections
import pathlib
import shutil
import tempfile
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.host_programs import PYTHON, WORK, HostPrograms
from tests.e2e.harness.images import PROGRAMS
from tests.e2e.harness.nginx import nginx_configuration
from tests.e2e.harness.processes import run
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.waiting import wait_until

PORT = 8080
TLS_PORT = 8443
RANDOM_PORT = 9999
SETTLE_SECONDS = 15
# A machine that is busy with other tests may not let the agent run for a while.
RING = ("--ring-bytes", "8MiB")
REQUESTS = "container_http_requests_total"
INBOUND_REQUESTS = "container_http_inbound_requests_total"


# mode, count of its requests, path; and how many requests that makes.
TRAFFIC = (
    ("keep_alive", 200, "/small", 200),
    ("keep_alive", 30, "/nothing", 30),
    ("keep_alive", 20, "/broken", 20),
    ("pipelined", 160, "/small", 160),
    ("pipelined", 32, "/nothing", 32),
    ("concurrent", 50, "/small", 400),
    ("dribbled", 5, "/small", 5),
    ("dribbled", 3, "/nothing", 3),
    ("keep_alive", 5, "/big", 5),
    ("post", 5, "/take", 5),
)
STATUSES = {"/small": 200, "/big": 200, "/take": 200, "/nothing": 404, "/broken": 500}


def by_status():
    expected = collections.Counter()
    for _, _, path, made in TRAFFIC:
        expected[str(STATUSES[path])] += made
    return expected


def by_operation():
    expected = collections.Counter()
    for mode, _, path, made in TRAFFIC:
        method = "POST" if mode == "post" else "GET"
        expected[f"{method} {path}", STATUSES[path]] += made
    return expected


class L7Http(RuntimeTestCase):
    @classmethod
    def setUpClass(cls):
        require_programs("nginx", "openssl")
        super().setUpClass()

    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="l7-", dir=self.sandbox.folder))
        files = folder / "files"
        files.mkdir()
        (files / "small").write_text("small\n")
        (files / "big").write_bytes(b"b" * (1 << 20))
        (folder / "nginx.conf").write_text(nginx_configuration(PORT))
        for program in ("http_requests.py", "random_bytes.py"):
            shutil.copy(PROGRAMS / program, folder)
        self.folder = folder
        # Names of their own: the agent sees every container of this machine.
        self.server = HostPrograms(self, f"server-{self.sandbox.folder.name}", folder)
        self.client = HostPrograms(self, f"client-{self.sandbox.folder.name}", folder)
        self.server.start("/usr/sbin/nginx", "-c", f"{WORK}/nginx.conf", "-p", "/tmp")
        self.server.wait_for_port(PORT)

    def _request(self, mode, count, path):
        self.client.run(PYTHON, f"{WORK}/http_requests.py", self.server.address, PORT, mode, count,
                        path)

    def _make_traffic(self):
        for mode, count, path, _ in TRAFFIC:
            self._request(mode, count, path)

    def _are_counted(self, metrics, count, **labels):
        """Whether both sides have so many requests."""
        return all(metrics.value(family, container_id=container.container_id, **labels) >= count
                   for family, container in self._sides())

    def _sides(self):
        return (REQUESTS, self.client), (INBOUND_REQUESTS, self.server)

    def _counted(self, metrics, family, container):
        counts = collections.Counter()
        for labels, value in metrics.series(family, container_id=container.container_id):
            counts[labels["status"]] += value
        return counts

    def test_every_request_is_counted_on_both_sides_by_status(self):
        agent = self.start_agent("--l7", *RING)
        self._make_traffic()
        expected = by_status()
        metrics = agent.wait_for(
            lambda m: self._are_counted(m, expected.total()), SETTLE_SECONDS,
            f"{expected} on both sides")
        with self.subTest("client"):
            self.assertEqual(self._counted(metrics, REQUESTS, self.client), expected)
            self.assertEqual(metrics.label_values(REQUESTS, "destination",
                                                  container_id=self.client.container_id),
                             {f"{self.server.address}:{PORT}"})
        with self.subTest("server"):
            self.assertEqual(self._counted(metrics, INBOUND_REQUESTS, self.server), expected)
            self.assertEqual(metrics.label_values(INBOUND_REQUESTS, "listen_addr",
                                                  container_id=self.server.container_id),
                             {f"{self.server.address}:{PORT}"})
        self._check_durations(metrics, expected.total())
        with self.subTest("nobody counts what is not theirs"):
            self.assertEqual(metrics.series(REQUESTS, container_id=self.server.container_id), [])
            self.assertEqual(metrics.series(INBOUND_REQUESTS,
                                            container_id=self.client.container_id), [])
        self._check_understood(metrics)

    def _check_durations(self, metrics, total):
        for counter, container in self._sides():
            family = counter.replace("_total", "_duration_seconds_total")
            with self.subTest(family):
                labels = {"container_id": container.container_id}
                self.assertEqual(metrics.value(f"{family}_count", **labels), total)
                self.assertGreater(metrics.value(f"{family}_sum", **labels), 0)

    def _check_understood(self, metrics):
        self.assertGreater(metrics.value("troupe_payload_bytes_total", protocol="http"), 0)
        unparsed = [(labels["protocol"], labels["reason"], value) for labels, value in
                    metrics.series("troupe_payload_unparsed_bytes_total") if value]
        self.assertEqual(unparsed, [])
        self.assert_nothing_lost(metrics)

    def test_what_is_not_captured_of_a_send_is_told_and_never_guessed(self):
        agent = self.start_agent("--l7", *RING)
        self._request("flood", 300, "/small")
        self._request("keep_alive", 7, "/nothing")
        metrics = agent.wait_for(
            lambda m: self._are_counted(m, 7, status="404"), SETTLE_SECONDS,
            "7 requests behind the flood")
        unparsed = metrics.value("troupe_payload_unparsed_bytes_total", protocol="http")
        for family, container in self._sides():
            with self.subTest(family):
                counts = self._counted(metrics, family, container)
                self.assertEqual(counts["404"], 7)
                self.assertLessEqual(set(counts), {"200", "404", "unknown"})
                self.assertLessEqual(counts.total(), 307)
                self.assertTrue(counts["200"] == 300 or unparsed > 0, (counts, unparsed))
        self.assert_nothing_lost(metrics)

    def _start_trace(self, *options):
        """A trace has begun when it shows a request on both sides; those are left out below."""
        trace = self.start_trace("l7", *RING, *options)

        def shows():
            self._request("keep_alive", 1, "/ready")
            return trace.events()

        wait_until(shows, 30, "the trace to show a request")
        return trace

    @staticmethod
    def _operations(events, container_id):
        return collections.Counter((e["operation"], e["status"]) for e in events
                                   if e["container_id"] == container_id
                                   and e["operation"] != "GET /ready")

    def test_every_request_is_a_line_of_the_trace_on_both_sides(self):
        trace = self._start_trace()
        self._make_traffic()
        expected = by_operation()
        ids = (self.client.container_id, self.server.container_id)
        wait_until(lambda: all(self._operations(trace.events(), x).total() >= expected.total()
                               for x in ids), SETTLE_SECONDS,
                   lambda: f"{expected}, got {[self._operations(trace.seen(), x) for x in ids]}")
        code, events, talk = trace.finish()
        self.assertEqual(code, 0, talk)
        for container_id in ids:
            with self.subTest(container_id):
                self.assertEqual(self._operations(events, container_id), expected)
        for event in events:
            if event["operation"] != "GET /ready":
                self._check_event(event)

    def _check_event(self, event):
        inbound = event["container_id"] == self.server.container_id
        self.assertEqual(event["protocol"], "http")
        self.assertEqual(event["direction"], "inbound" if inbound else "outbound")
        self.assertEqual(event["comm"], "nginx" if inbound else "python3")
        self.assertEqual(event["dst"], f"{self.server.address}:{PORT}")
        self.assertEqual(event["src"].rpartition(":")[0], self.client.address)
        self.assertEqual(event["peer"], event["src"] if inbound else event["dst"])
        self.assertEqual(event["outcome"], "failed" if event["status"] >= 500 else "ok")
        self.assertGreater(event["duration_ns"], 0)
        self.assertNotIn("secret", str(event))
        big = 1 << 20
        self.assertEqual(event["response_bytes"] > big, event["operation"] == "GET /big", event)
        self.assertEqual(event["request_bytes"] > big, event["operation"] == "POST /take", event)

    def test_only_what_was_asked_for(self):
        trace = self.start_trace("l7", "-c", self.client.name, "--status", "5xx", "--protocol", "http",
                                 "--raw")
        wait_until(lambda: self._request("keep_alive", 1, "/broken") or trace.events(), 30,
                   "the trace to show a request")
        self._request("keep_alive", 3, "/nothing")
        seen = len(trace.events())
        self._request("keep_alive", 3, "/broken")
        wait_until(lambda: len(trace.events()) >= seen + 3, SETTLE_SECONDS, "3 more requests")
        code, events, talk = trace.finish()
        self.assertEqual(code, 0, talk)
        self.assertEqual({(e["container_id"], e["status"]) for e in events},
                         {(self.client.container_id, 500)})
        self.assertEqual({e["query"] for e in events},
                         {f"{self.server.address}:{PORT}/broken?token=secret"})

    def test_random_bytes_and_tls_are_nothing_and_http_beside_them_is_counted(self):
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server",
             "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"])
        self.server.start(PYTHON, f"{WORK}/random_bytes.py", "serve", RANDOM_PORT)
        self.server.start("/usr/bin/openssl", "s_server", "-accept", TLS_PORT, "-www", "-quiet",
                          "-key", f"{WORK}/key.pem", "-cert", f"{WORK}/cert.pem")
        self.server.wait_for_port(RANDOM_PORT)
        self.server.wait_for_port(TLS_PORT)
        agent = self.start_agent("--l7", *RING)
        for _ in range(5):
            self.client.run(PYTHON, f"{WORK}/random_bytes.py", "connect", self.server.address,
                            RANDOM_PORT, 100)
            answer = self.client.run(
                "/bin/sh", "-c", "echo 'GET / HTTP/1.0\n' | /usr/bin/openssl s_client -quiet "
                f"-ign_eof -connect {self.server.address}:{TLS_PORT} 2>/dev/null")
            self.assertIn("HTTP/1.0 200", answer)
        self._request("keep_alive", 7, "/small")
        metrics = agent.wait_for(lambda m: self._are_counted(m, 7), SETTLE_SECONDS,
                                 "7 requests in the clear")
        for family, container in self._sides():
            self.assertEqual(self._counted(metrics, family, container), {"200": 7})
        ours = {x.container_id for _, x in self._sides()}
        spoken = {name for name in metrics.samples
                  if name.endswith(("_requests_total", "_queries_total", "_messages_total"))
                  and ours & metrics.label_values(name, "container_id")}
        self.assertEqual(spoken, {REQUESTS, INBOUND_REQUESTS})
        self._check_understood(metrics)


if __name__ == "__main__":
    unittest.main()
