# SPDX-License-Identifier: Apache-2.0
"""Scrapers that are slow in either direction, and many at once: nobody else waits for them, their
connections end, and no event is lost."""

import concurrent.futures
import contextlib
import os
import socket
import threading
import time
import unittest

from tests.e2e.harness.bare import BareTestCase, Client
from tests.e2e.harness.memory import resident_bytes
from tests.e2e.harness.metrics import Metrics

SLOW_EACH = 4  # readers, and as many writers
# A request has to be there within 5 s; a response has to be taken within 10 s, after which one
# write that has begun may wait for 5 s.
BOUND_SECONDS = 10 + 5 + 3
OTHERS_WAIT_SECONDS = 2
# Eight connections cost their buffers and threads, and one page is kept for those who read it.
GROWTH_BOUND_BYTES = 24 << 20
# Nobody listens there, and no connection has such a port at its own end.
PORT, DESTINATIONS = 20000, 3000
SCRAPERS, SCRAPE_SECONDS = 10, 4
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: troupe\r\n\r\n"
ENDLESS_REQUEST = REQUEST[:-2] + b"X: "


class SlowScraper:
    """A byte a second, in one direction, until the agent has had enough of it or close()."""

    def __init__(self, agent, request, step):
        self._step = step
        self._closing = threading.Event()
        self._socket = socket.socket()
        # What fits into buffers would be sent before the first byte is read.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect(("127.0.0.1", agent.port))
        self._socket.sendall(request)
        self.ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        with contextlib.suppress(ConnectionError):
            while not self._closing.wait(1) and self._step(self._socket):
                pass
        self.ended = True

    def close(self):
        self._closing.set()
        self._thread.join(10)
        self._socket.close()


def read_a_byte(connection):
    return connection.recv(1)


def write_a_byte(connection):
    connection.sendall(b"x")
    with contextlib.suppress(BlockingIOError):
        return connection.recv(1, socket.MSG_DONTWAIT)  # The end, or an answer to what was there.
    return True


class Scrapers(BareTestCase):
    def setUp(self):
        super().setUp()
        self.agent = self.start_agent("--destinations-max", "5000")
        self.client = Client(self, "watched")

    def test_slowloris_scrapers_hold_up_nobody_and_are_cut_off(self):
        # So that the page fits into no buffer.
        self.client.order("scan", "127.0.0.1", PORT, DESTINATIONS)
        self.agent.wait_for(
            lambda m: m.value("container_net_tcp_failed_connects_total") >= DESTINATIONS, 20,
            "a page with all destinations")
        self.scrape_in_time()
        before, fds = resident_bytes(self.agent.child.pid), self.open_fds()
        slow = [SlowScraper(self.agent, REQUEST, read_a_byte) for _ in range(SLOW_EACH)]
        writers = [SlowScraper(self.agent, ENDLESS_REQUEST, write_a_byte)
                   for _ in range(SLOW_EACH)]
        slow += writers
        for scraper in slow:
            self.addCleanup(scraper.close)
        connects, began = 0, time.monotonic()
        while self.open_fds() > fds or not all(writer.ended for writer in writers):
            self.assertLess(time.monotonic() - began, BOUND_SECONDS, "slow scrapers are still on")
            self.client.connect(10)
            connects += 10
            self.scrape_in_time()
            self.assertLess(resident_bytes(self.agent.child.pid) - before, GROWTH_BOUND_BYTES)
        self.assertGreater(time.monotonic() - began, 1, "no scraper was slow")
        metrics = self.client.wait_for(self.agent, connects)
        self.assertEqual(metrics.value("troupe_scrapes_total", result="aborted"), SLOW_EACH)
        self.assertEqual(metrics.losses(), [])

    def open_fds(self):
        return len(os.listdir(f"/proc/{self.agent.child.pid}/fd"))

    def scrape_in_time(self):
        began = time.monotonic()
        self.assertTrue(self.agent.scrape_text().endswith("\n"))
        self.assertLess(time.monotonic() - began, OTHERS_WAIT_SECONDS)

    def test_10_scrapers_at_once_each_see_counters_that_only_grow(self):
        end = time.monotonic() + SCRAPE_SECONDS
        with concurrent.futures.ThreadPoolExecutor(SCRAPERS) as pool:
            scrapers = [pool.submit(self.scrape_until, end) for _ in range(SCRAPERS)]
            connects = 0
            while time.monotonic() < end:
                self.client.connect(50)
                connects += 50
            scrapes = sum(scraper.result() for scraper in scrapers)
        metrics = self.client.wait_for(self.agent, connects)
        self.assertEqual(metrics.losses(), [])
        # All were answered, and the one that is being answered now.
        self.assertGreaterEqual(metrics.value("troupe_scrapes_total", result="ok"), scrapes)
        self.assertEqual(metrics.value("troupe_scrapes_total", result="aborted"), 0)
        self.assertEqual(metrics.value("troupe_scrapes_total", result="failed"), 0)

    def scrape_until(self, end):
        scrapes, before = 0, Metrics("# HELP a a\n# TYPE a counter\na 0\n")
        while time.monotonic() < end:
            now = self.agent.scrape()
            check_monotonic(self, before, now)
            before = now
            scrapes += 1
        return scrapes


def check_monotonic(case, before, now):
    for name, samples in now.samples.items():
        kind = now.types.get(name, "histogram")
        if kind == "gauge":
            continue
        for key, value in samples.items():
            earlier = before.samples.get(name, {}).get(key, 0)
            if not name.endswith("_sum"):
                case.assertGreaterEqual(value, earlier, (name, dict(key)))


del BareTestCase

if __name__ == "__main__":
    unittest.main()
