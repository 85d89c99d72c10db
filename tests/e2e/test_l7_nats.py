# SPDX-License-Identifier: Apache-2.0
"""NATS between containers: every message is counted, on both sides."""

import unittest

from tests.e2e.harness import packages
from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_messages import CONSUME, NO_MESSAGE, PRODUCE, MessagesTestCase
from tests.e2e.harness.sandbox import require_programs

CONFIG = """
port: 4222
authorization {
  users: [{user: app, password: swordfish,
           permissions: {publish: {deny: "secret.>"}, subscribe: {deny: "hidden.>"}}}]
}
"""
TRAFFIC = {"quiet": 100, "verbose": 50, "together": 300, "requests": 20, "nobody": 5, "headers": 10,
           "big": 3, "everyone": 10, "concurrent": 20, "denied_quiet": 5, "denied": 5, "hidden": 5,
           "pedantic": 10, "burst": 200, "too_big": 2, "refused": 3}
CUT_TRAFFIC = {"quiet": 5, "verbose": 5, "together": 20, "requests": 3, "headers": 3, "denied": 2,
               "pedantic": 3, "burst": 10, "refused": 1}


def sent(subject, outcome, count=1):
    return {(f"PUB {subject}", PRODUCE, outcome): count}


def delivered(subject, count=1):
    return {(f"MSG {subject}", CONSUME, "ok"): count}


def error(method):
    """Of which nobody knows what it answers."""
    return {("-ERR", method, "failed"): 1}


class L7Nats(MessagesTestCase):
    PROTOCOL, PORT = "nats", 4222
    MODES = {
        # Nobody says what became of what a client sends that does not ask for that.
        "quiet": ({}, sent("orders.new", "unknown") | delivered("orders.new")),
        "verbose": ({}, sent("orders.new", "ok") | delivered("orders.new")),
        "together": ({}, sent("many", "ok") | delivered("many")),
        "requests": ({}, sent("stock", "unknown") | delivered("stock")
                     | sent("_INBOX.*", "unknown") | delivered("_INBOX.*")),
        "nobody": ({}, sent("nobody", "unknown") | delivered("_INBOX.*")),
        "headers": ({}, sent("traced", "ok") | delivered("traced")),
        "big": ({}, sent("pictures", "ok") | delivered("pictures")),
        "everyone": ({}, sent("news.today", "unknown") | delivered("news.today", 5)),
        "concurrent": ({}, {message: 1 for i in range(8) for message in
                            (sent(f"orders.{i}", "ok") | delivered(f"orders.{i}"))}),
        "denied_quiet": ({}, sent("secret.plan", "unknown") | error(PRODUCE)),
        "denied": ({}, sent("secret.plan", "failed")),
        "hidden": ({}, error(CONSUME)),
        "pedantic": ({}, sent("a..b", "failed") | sent("fine", "ok")),
        "burst": ({}, sent("burst.of.messages", "ok")),
        "too_big": ({}, sent("huge", "failed")),
        "refused": ({}, error(NO_MESSAGE)),
    }

    @classmethod
    def setUpClass(cls):
        require_programs("nats-server")
        cls.PACKAGES = (packages.python_packages("nats"),)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("nats_messages.py")
        (self.folder / "nats.conf").write_text(CONFIG)
        self.server.start("/usr/sbin/nats-server", "-c", f"{WORK}/nats.conf")
        self.server.wait_for_port(self.PORT)

    def _make(self, address, traffic):
        host, _, port = address.rpartition(":")
        self.client.run("/usr/bin/env", f"PYTHONPATH={self.PACKAGES[0]}", PYTHON,
                        f"{WORK}/nats_messages.py", host, port,
                        *(f"{mode}={count}" for mode, count in traffic.items()))

    def test_every_message_is_counted_on_both_sides(self):
        self.watch(lambda: self._make(self.address, {"ready": 1}))
        self._make(self.address, TRAFFIC)
        self.check_messages(TRAFFIC)

    def test_messages_and_answers_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._make(sides[0].address, {"ready": 1}), sides=sides)
        self._make(sides[0].address, CUT_TRAFFIC)
        self.check_messages(CUT_TRAFFIC, sides=sides)


if __name__ == "__main__":
    unittest.main()
