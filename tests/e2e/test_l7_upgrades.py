# SPDX-License-Identifier: Apache-2.0
"""What HTTP/1.1 becomes: WebSockets and tunnels, of which nothing is guessed; HTTP/2, which is
counted on. And answers before the answer."""

import collections
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import COUNTERS, SETTLE_SECONDS, L7TestCase, Side
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.waiting import wait_until

WEBSOCKETS, HTTP2, HTTP1, HINTS, PROXY = 8080, 8081, 8082, 8083, 8888
CUT = {WEBSOCKETS: 7080, HTTP2: 7081}  # Through these, each byte is a send of its own.
BACKEND = "/tmp/http.sock"
CURL = "/usr/bin/curl"

NGINX = f"""
user root;
daemon off;
pid /tmp/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_max_body_size 2m;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {{
    listen {HTTP1};
    listen unix:{BACKEND};
    root {WORK}/files;
    location = /closed {{ return 403; }}
    location = /broken {{ return 500; }}
    location = /take {{ proxy_pass http://unix:/tmp/taker.sock:/take; }}
  }}
  server {{
    listen unix:/tmp/taker.sock;
    location / {{ return 200 "taken"; }}
  }}
}}
"""
TINYPROXY = f"""
Port {PROXY}
Timeout 60
MaxClients 64
ConnectPort {HTTP1}
"""


class L7Upgrades(L7TestCase):
    PROTOCOL, WHAT, PORT = "http", "requests", HTTP1

    @classmethod
    def setUpClass(cls):
        require_programs("nginx", "nghttpx", "tinyproxy", "curl", "nghttp")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("websocket_talk.py", "early_hints.py")
        files = self.folder / "files"
        files.mkdir()
        (files / "small").write_text("small\n")
        (files / "big").write_bytes(b"b" * (1 << 20))
        (files / "some").write_bytes(b"s" * 2000)
        for name, text in {"nginx": NGINX, "tinyproxy": TINYPROXY}.items():
            (self.folder / f"{name}.conf").write_text(text)
        start = self.server.start
        start(PYTHON, f"{WORK}/websocket_talk.py", "serve", WEBSOCKETS)
        start("/usr/sbin/nginx", "-c", f"{WORK}/nginx.conf", "-p", "/tmp")
        start("/usr/sbin/nghttpx", "--conf=/dev/null", f"--frontend=0.0.0.0,{HTTP2};no-tls",
              f"--backend=unix:{BACKEND}", "--workers=1")
        start(PYTHON, f"{WORK}/early_hints.py", HINTS)
        for port in (WEBSOCKETS, HTTP2, HTTP1, HINTS):
            self.server.wait_for_port(port)
        self.expected = collections.defaultdict(collections.Counter)

    def _expect(self, sides, requests, times=1):
        """{(protocol, operation, status): how many}, on all of these sides."""
        for side in sides:
            self.expected[side].update({x: n * times for x, n in requests.items()})

    def _sides_at(self, port, server=None):
        """The client, and who it asks: the server, unless it is somebody else."""
        server = server or self.server
        address = f"{server.address}:{port}"
        return Side(self.client, False, address), Side(server, True, address)

    def _talk(self, sides, count, size):
        """WebSockets: what is said on them is no request."""
        address, _, port = sides[0].address.rpartition(":")
        self.client.run(PYTHON, f"{WORK}/websocket_talk.py", "connect", address, port, count, size)
        self._expect(sides, {("http", "GET /chat", 101): 2, ("http", "GET /closed", 403): 1}, count)

    def _upgrade(self, sides, times):
        """By HTTP/1.1 to HTTP/2, where more is asked."""
        for _ in range(times):
            urls = [f"http://{sides[0].address}/{name}"
                    for name in ("small", "nothing", "broken", "some")]
            spoken = self.client.run(CURL, "--silent", "--http2", "--write-out",
                                     "%{http_version} %{http_code} %{num_connects}\\n",
                                     *(x for url in urls for x in ("-o", "/dev/null", url)))
            self.assertEqual(spoken, "2 200 1\n2 404 0\n2 500 0\n2 200 0\n")
            said = self.client.run("/usr/bin/nghttp", "--upgrade", "--null-out", "--verbose",
                                   *urls[:3])
            self.assertIn("HTTP Upgrade success", said)
        self._expect(sides, {("http2", "GET /small", 200): 2, ("http2", "GET /nothing", 404): 2,
                             ("http2", "GET /broken", 500): 2, ("http2", "GET /some", 200): 1},
                     times)

    def _interim(self, times):
        for _ in range(times):
            answer = self.client.run(CURL, "--silent",
                                     f"http://{self.server.address}:{HINTS}/early")
            self.assertEqual(answer, "hello")
        self._expect(self._sides_at(HINTS), {("http", "GET /early", 200): 1}, times)

    def _continue(self, times):
        """The body waits until the server says that it wants it. And an upgrade that it ignores."""
        at = f"http://{self.server.address}:{HTTP1}"
        for _ in range(times):
            said = self.client.run(CURL, "--silent", "--show-error", "--include", "-H",
                                   "Expect: 100-continue", "--data-binary", f"@{WORK}/files/big",
                                   f"{at}/take")
            self.assertIn("100 Continue", said)
            self.assertIn("taken", said)
            self.client.run(CURL, "--silent", "-H", "Expect: 100-continue", "--data-binary",
                            f"@{WORK}/files/big", f"{at}/closed")
            self.client.run(CURL, "--silent", "--http2", f"{at}/small")
        self._expect(self._sides_at(HTTP1), {("http", "POST /take", 200): 1,
                                             ("http", "POST /closed", 403): 1,
                                             ("http", "GET /small", 200): 1}, times)

    def _tunnel(self, proxy, times):
        """What is said in it is a request of the proxy, and none of the client's."""
        address = f"{self.server.address}:{HTTP1}"
        through = (CURL, "--silent", "--proxytunnel", "--proxy", f"http://{proxy.address}:{PROXY}")
        for _ in range(times):
            self.client.run(*through, f"http://{address}/small", "-o", "/dev/null",
                            f"http://{address}/nothing", "-o", "/dev/null")
            self.client.run("/bin/sh", "-c", " ".join(through) + " http://10.0.0.1:9/ || true")
        self._expect(self._sides_at(PROXY, proxy), {("http", f"CONNECT {address}", 200): 1,
                                                    ("http", "CONNECT 10.0.0.1:9", 403): 1}, times)
        self._expect((Side(proxy, False, address), Side(self.server, True, address)),
                     {("http", "GET /small", 200): 1, ("http", "GET /nothing", 404): 1}, times)

    # --- what came of it

    def _check(self):
        containers = {side.container.container_id for side in self.expected}
        wanted = {side: self._by_status(requests) for side, requests in self.expected.items()}
        metrics = self.agent.wait_for(
            lambda m: all(self.counts(m, side).total() >= counts.total()
                          for side, counts in wanted.items()),
            SETTLE_SECONDS, f"{sum(x.total() for x in wanted.values())} requests")
        for side, counts in wanted.items():
            with self.subTest(side.container.name, address=side.address, inbound=side.inbound):
                self.assertEqual(self.counts(metrics, side), counts)
        counted = {(family, labels["container_id"]) for family in metrics.samples
                   if family.endswith(COUNTERS) for labels, _ in metrics.series(family)
                   if labels.get("container_id") in containers}
        self.assertEqual(counted, {(self.family(side.inbound), side.container.container_id)
                                   for side in wanted})
        self._check_understood(metrics, ())
        self._check_trace()

    @staticmethod
    def _by_status(requests):
        counts = collections.Counter()
        for (_, _, status), n in requests.items():
            counts[str(status)] += n
        return counts

    def _check_trace(self):
        def requests(side, events):
            return collections.Counter((x["protocol"], x["operation"], x["status"])
                                       for x in self.traced(side, events))

        wait_until(lambda: all(requests(side, self.trace.events()).total() >= expected.total()
                               for side, expected in self.expected.items()),
                   SETTLE_SECONDS, "the trace to show all requests")
        code, events, talk = self.trace.finish()
        self.assertEqual(code, 0, talk)
        for side, expected in self.expected.items():
            with self.subTest(side.container.name, address=side.address, inbound=side.inbound):
                self.assertEqual(requests(side, events), expected)
                for event in self.traced(side, events):
                    self.assertEqual(event["outcome"],
                                     "failed" if event["status"] >= 500 else "ok", event)
                    self.assertGreater(event["duration_ns"], 0, event)
                    self.assertNotIn("secret", str(event))

    def _get_ready(self, sides, *command):
        """`command` is answered on all of these sides."""
        self.watch(lambda: self.client.run(CURL, "--silent", "-o", "/dev/null", *command),
                   sides=sides)

    def test_what_an_upgrade_leads_to(self):
        proxy = self.start_container("proxy")
        proxy.start("/usr/bin/tinyproxy", "-d", "-c", f"{WORK}/tinyproxy.conf")
        proxy.wait_for_port(PROXY)
        address = f"{self.server.address}:{HTTP1}"
        self._get_ready((*self._sides_at(PROXY, proxy), Side(proxy, False, address),
                         Side(self.server, True, address)), "--proxytunnel", "--proxy",
                        f"http://{proxy.address}:{PROXY}", f"http://{address}/ready")
        self._talk(self._sides_at(WEBSOCKETS), 10, 1 << 20)
        self._upgrade(self._sides_at(HTTP2), 5)
        self._interim(5)
        self._continue(5)
        self._tunnel(proxy, 5)
        self._check()

    def test_the_same_cut_at_every_byte(self):
        self.copy_programs("byte_proxy.py")
        proxy = self.start_container("proxy")
        cut = {}
        for port, own in CUT.items():
            proxy.start(PYTHON, f"{WORK}/byte_proxy.py", own, self.server.address, port)
            proxy.wait_for_port(own)
            address = f"{self.server.address}:{port}"
            cut[port] = (*self._sides_at(own, proxy), Side(proxy, False, address),
                         Side(self.server, True, address))
        self._get_ready(cut[HTTP2], f"http://{cut[HTTP2][0].address}/ready")
        self._talk(cut[WEBSOCKETS], 3, 1000)
        self._upgrade(cut[HTTP2], 1)
        self._check()


if __name__ == "__main__":
    unittest.main()
