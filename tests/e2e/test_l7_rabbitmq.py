# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ between containers: every message is counted, on both sides."""

import unittest

from tests.e2e.harness.host_programs import PYTHON, WORK
from tests.e2e.harness.l7_messages import CONSUME, NO_MESSAGE, PRODUCE, MessagesTestCase
from tests.e2e.harness.sandbox import require_programs

CONFIG = """
loopback_users = none
log.console = true
log.file = false
"""
HOME = f"{WORK}/rabbit"
SETTINGS = (f"HOME={HOME}", "RABBITMQ_NODENAME=rabbit@localhost",
            f"RABBITMQ_CONFIG_FILE={WORK}/rabbitmq.conf", f"RABBITMQ_MNESIA_BASE={HOME}/mnesia",
            f"RABBITMQ_LOG_BASE={HOME}/log", f"RABBITMQ_ENABLED_PLUGINS_FILE={HOME}/plugins",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +sbwt none")
START_SECONDS = 60
TRAFFIC = {"plain": 100, "confirmed": 50, "routed": 20, "refused": 5, "fetched": 10, "returned": 10,
           "full": 10, "no_exchange": 3, "no_exchange_plain": 3, "no_queue": 3, "big": 3,
           "transacted": 20, "channels": 10, "concurrent": 20, "wrong_password": 2, "burst": 400}
CUT_TRAFFIC = {"plain": 3, "confirmed": 3, "routed": 2, "refused": 1, "fetched": 2, "returned": 2,
               "no_exchange": 1, "no_queue": 1, "burst": 20}


def published(name, outcome):
    return {(f"publish {name}", PRODUCE, outcome): 1}


def delivered(name, count=1):
    return {(f"deliver {name}", CONSUME, "ok"): count}


def failed(operation, method):
    return {(operation, method, "failed"): 1}


class L7RabbitMq(MessagesTestCase):
    PROTOCOL, PORT = "rabbitmq", 5672
    MODES = {
        # Nobody says what became of what is published without confirms.
        "plain": ({}, published("plain", "unknown") | delivered("plain")),
        "confirmed": ({}, published("confirmed", "ok") | delivered("confirmed")),
        "routed": ({}, published("shop", "ok") | delivered("shop", 2)),
        "refused": ({}, published("refused", "ok") | delivered("refused", 2)),
        "fetched": ({}, published("fetched", "ok") | {("get fetched", CONSUME, "ok"): 1}),
        "returned": ({}, published("nowhere", "failed")),
        "full": (published("full", "ok"), published("full", "failed")),
        "no_exchange": ({}, published("nothing", "failed")),
        # When the server says so, it does not say what it was.
        "no_exchange_plain": ({}, published("nothing", "unknown")
                              | failed("basic.publish", PRODUCE)),
        "no_queue": ({}, failed("queue.declare", NO_MESSAGE) | failed("basic.consume", CONSUME)
                     | failed("basic.get", CONSUME)),
        "big": ({}, published("big", "ok") | delivered("big")),
        "transacted": ({}, published("transacted", "unknown") | delivered("transacted")),
        "channels": ({}, {message: 1 for i in range(8) for message in
                          published(f"channel{i}", "ok" if i % 2 else "unknown")
                          | delivered(f"channel{i}")}),
        "concurrent": ({}, {message: 1 for i in range(8) for message in
                            published(f"concurrent{i}", "ok") | delivered(f"concurrent{i}")}),
        "wrong_password": ({}, failed("connection", NO_MESSAGE)),
        "burst": ({}, published("burst", "ok")),
    }

    @classmethod
    def setUpClass(cls):
        require_programs("rabbitmq-server", "erl")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.copy_programs("rabbitmq_messages.py")
        (self.folder / "rabbitmq.conf").write_text(CONFIG)
        (self.folder / "rabbit").mkdir()
        self.server.start("/usr/bin/env", *SETTINGS, "/usr/lib/rabbitmq/bin/rabbitmq-server")
        self.server.wait_for_port(self.PORT, START_SECONDS)

    def _make(self, address, traffic):
        host, _, port = address.rpartition(":")
        self.client.run(PYTHON, f"{WORK}/rabbitmq_messages.py", host, port,
                        *(f"{mode}={count}" for mode, count in traffic.items()))

    def test_every_message_is_counted_on_both_sides(self):
        self.watch(lambda: self._make(self.address, {"ready": 1}))
        self._make(self.address, TRAFFIC)
        self.check_messages(TRAFFIC)

    def test_messages_and_confirms_cut_at_every_byte(self):
        sides = self.start_byte_proxy()
        self.watch(lambda: self._make(sides[0].address, {"ready": 1}), sides=sides)
        self._make(sides[0].address, CUT_TRAFFIC)
        self.check_messages(CUT_TRAFFIC, sides=sides)


if __name__ == "__main__":
    unittest.main()
