# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 between containers: nginx and nghttpd, asked by curl, nghttp, h2load and by hand."""

import collections
import os
import re
import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_case import L7TestCase
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.waiting import wait_until

CURL = ("/usr/bin/curl", "--silent", "--show-error", "--http2-prior-knowledge", "--output",
        "/dev/null", "--write-out", "%{http_code} %{http_version}\n")
H2LOAD, NGHTTP, NGHTTPD = "/usr/bin/h2load", "/usr/bin/nghttp", "/usr/sbin/nghttpd"
BIG = 1 << 20

NGINX = """
user root;
daemon off;
pid /tmp/nginx.pid;
error_log stderr;
worker_processes 2;
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  keepalive_requests 1000000;
  client_max_body_size 2m;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {{
    listen {port} http2;
    root {work}/files;
    location = /broken {{ return 503; }}
    location = /put {{ dav_methods PUT; }}
  }}
}}
"""


class L7Http2(L7TestCase):
    PROTOCOL, FAMILY, WHAT, PORT = "http2", "http", "requests", 8080

    @classmethod
    def setUpClass(cls):
        require_programs("nginx", "nghttpd", "nghttp", "h2load", "curl")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        files = self.folder / "files"
        files.mkdir()
        (files / "small").write_text("small\n")
        (files / "big").write_bytes(b"b" * BIG)
        (self.folder / "nginx.conf").write_text(NGINX.format(port=self.PORT, work=WORK))
        self.copy_programs("http2_requests.py", "byte_proxy.py")
        self.made = collections.Counter()  # (method and path, status): count

    def _start_nginx(self):
        self.server.start("/usr/sbin/nginx", "-c", f"{WORK}/nginx.conf", "-p", "/tmp")
        self.server.wait_for_port(self.PORT)

    def _start_nghttpd(self):
        self.server.start(NGHTTPD, "--no-tls", "-d", f"{WORK}/files", self.PORT)
        self.server.wait_for_port(self.PORT)

    def _url(self, path, address=None):
        return f"http://{address or self.address}{path}?token=secret"

    def _curl(self, path, status, *options, method="GET", address=None):
        # Debian's curl cannot use a connection of this kind twice.
        said = self.client.run(*CURL, *options, self._url(path, address)).strip()
        self.assertEqual(said, f"{status} 2")
        self.made[f"{method} {path}", status] += 1

    def _nghttp(self, count, path, status):
        """So many streams on one connection."""
        said = self.client.run(NGHTTP, "--null-out", "--stat", "--no-dep",
                               *[f"{self._url(path)}&n={i}" for i in range(count)])
        self.assertEqual(len(re.findall(rf" {status} .*{path}", said)), count, said)
        self.made[f"GET {path}", status] += count

    def _h2load(self, count, path, status, *options, address=None):
        said = self.client.run(H2LOAD, "-n", count, *options, self._url(path, address))
        self.assertIn(f"{count} total, {count} started, {count} done", said)
        codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", said)
        self.assertEqual([int(x) for x in codes.groups()],
                         [count if status // 100 == x else 0 for x in range(2, 6)])
        self.made[f"GET {path}", status] += count

    def _by_hand(self, mode, count, path, status=200, address=None):
        host, port = (address or self.address).split(":")
        self.client.run(PYTHON, f"{WORK}/http2_requests.py", host, port, mode, count, path, status)
        self.made[f"GET {path}", status] += count

    def _watch(self, sides=None):
        address = (sides or self.sides())[0].address
        self.watch(lambda: self.client.run(*CURL, self._url("/ready", address)), sides=sides)

    def _check(self, sides=None, **how):
        statuses = collections.Counter()
        for (_, status), count in self.made.items():
            statuses[str(status)] += count
        self.check_counted(statuses, sides=sides, **how)
        self.check_traced(self.made, of=("operation", "status"), sides=sides)

    def test_every_stream_is_counted_on_both_sides(self):
        self._start_nginx()
        self._watch()
        for path, status in (("/small", 200), ("/nothing", 404), ("/broken", 503)):
            self._curl(path, status)
        self._h2load(300, "/small", 200, "-c", 4, "-m", 10)
        self._h2load(40, "/nothing", 404, "-c", 2, "-m", 1)
        self._h2load(30, "/broken", 503, "-c", 1, "-m", 30)
        self._by_hand("burst", 150, "/small")
        self._by_hand("burst", 20, "/nothing", 404)
        self._by_hand("dribbled", 5, "/small")
        self._check()

    def test_a_server_that_refers_to_what_it_said_before(self):
        self._start_nghttpd()
        self._watch()
        self._h2load(300, "/small", 200, "-c", 4, "-m", 10)
        self._h2load(60, "/nothing", 404, "-c", 2, "-m", 30)
        self._nghttp(10, "/small", 200)
        self._by_hand("burst", 60, "/small")
        self._by_hand("dribbled", 5, "/nothing", 404)
        self._check()

    def test_bodies_that_are_not_captured(self):
        """Of data only the headers of its frames are, and that is enough."""
        self._start_nginx()
        (self.folder / "body").write_bytes(b"x" * BIG)
        self._watch()
        for _ in range(3):
            self._curl("/big", 200)
        self._curl("/put", 201, "--upload-file", f"{WORK}/body", method="PUT")
        self._h2load(4, "/big", 200, "-c", 2, "-m", 2)
        self._check()

    def test_frames_cut_at_every_byte(self):
        self._start_nginx()
        sides = self.start_byte_proxy()
        address = sides[0].address
        self._watch(sides)
        self._curl("/small", 200, address=address)
        self._h2load(40, "/small", 200, "-c", 2, "-m", 10, address=address)
        self._h2load(10, "/nothing", 404, "-c", 1, "-m", 10, address=address)
        self._by_hand("dribbled", 3, "/broken", 503, address)
        self._check(sides)

    def test_a_connection_that_is_older_than_the_agent(self):
        """The path is not known, since it was said before; the status is."""
        self._start_nghttpd()
        os.mkfifo(self.folder / "go")
        self.client.start(PYTHON, f"{WORK}/http2_requests.py", self.server.address, self.PORT,
                          "midstream", 20, "/small", 200)
        wait_until((self.folder / "ready").exists, 20, "the first request to be answered")
        self._watch()
        (self.folder / "go").write_text("go")
        self.made["", 200] = 20
        self._check()


if __name__ == "__main__":
    unittest.main()
