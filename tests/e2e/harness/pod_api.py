# SPDX-License-Identifier: Apache-2.0
"""As much of a kubelet as the agent asks: a pod list over HTTPS for whoever has the token."""

import contextlib
import http.server
import json
import ssl
import subprocess
import threading


def make_certificates(folder):
    """An authority of its own, and what it signed for 127.0.0.1: (ca, certificate, key)."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    key, request, certificate = (folder / f"server.{x}" for x in ("key", "csr", "pem"))
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=IP:127.0.0.1\n")

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True,
                       timeout=60)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=troupe-test-ca", "-keyout", ca_key,
            "-out", ca)
    openssl("req", *curve, "-subj", "/CN=kubelet", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", certificate)
    return ca, certificate, key


def owner(kind, name):
    return {"apiVersion": "v1", "kind": kind, "name": name, "controller": True}


class PodApi:
    """`token` is whom it serves; with `hangs` it takes requests and never answers."""

    def __init__(self, certificate, key, token):
        self.token = token
        self.hangs = False
        self.answered = 0
        self.refused = 0
        self.held = 0
        self._pods = []
        self._end = threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.api = self
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                  do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self._server.server_address[1]}/pods"

    def add(self, name_space, pod, *owners, **labels):
        self._pods.append({"metadata": {"name": pod, "namespace": name_space, "labels": labels,
                                        "ownerReferences": list(owners)},
                           "spec": {"containers": [{"name": "app"}]}})

    def listing(self):
        return {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": self._pods}

    def close(self):
        self._end.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for_the_end(self):
        self.held += 1
        self._end.wait()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self):
        with contextlib.suppress(OSError):  # Whoever does not trust us breaks the handshake off.
            super().handle()

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()

    def do_GET(self):
        api = self.server.api
        if api.hangs:
            return api.wait_for_the_end()
        if self.headers.get("Authorization") != f"Bearer {api.token}":
            api.refused += 1
            return self._answer(401, {"kind": "Status", "code": 401})
        api.answered += 1
        return self._answer(200, api.listing())

    def log_message(self, *_):
        """A test's output is no place for an access log."""

    def _answer(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
