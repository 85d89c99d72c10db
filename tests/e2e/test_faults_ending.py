# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT at every stage of the agent's life: it ends in time, with the right code, and
leaves neither files nor anything of BPF."""

import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from tests.e2e.harness import bpf_objects
from tests.e2e.harness.bare import BareTestCase, Client
from tests.e2e.harness.faulty_socket import FaultySocket, hang
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.troupe_agent import END_SECONDS, Agent, clean_environment, free_port, \
    troupe_path
from tests.e2e.harness.waiting import wait_until

STAGES_MS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 400)
PINS = pathlib.Path("/sys/fs/bpf")


class Ending(BareTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        require_programs("bpftool")

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(tempfile.mkdtemp(dir=self.sandbox.folder))
        self.unowned = bpf_objects.unowned()
        self.pins = sorted(PINS.iterdir())

    def check_nothing_is_left(self):
        self.assertEqual(list(self.home.iterdir()), [])
        self.assertEqual(sorted(PINS.iterdir()), self.pins)
        # The kernel frees programs and maps a little after their last user has gone.
        wait_until(lambda: bpf_objects.unowned() <= self.unowned, 10,
                   lambda: f"nothing of BPF to be left: {bpf_objects.unowned() - self.unowned}")

    def check_objects_go(self, agent, end):
        """What was the agent's is gone after end()."""
        owned = bpf_objects.owned_by(agent.child.pid)
        self.assertEqual({kind for kind, _ in owned}, {"prog", "map", "link"})
        self.assertLessEqual(owned, bpf_objects.existing())
        self.assertFalse(end())
        wait_until(lambda: not owned & bpf_objects.existing(), 10,
                   lambda: f"{owned & bpf_objects.existing()} to go")
        self.check_nothing_is_left()

    def spawn(self):
        """The agent itself, not a program that becomes it; Popen returns after its exec."""
        environment = clean_environment() | {"HOME": str(self.home), "TMPDIR": str(self.home)}
        command = [troupe_path(), "agent", "--listen", f"127.0.0.1:{free_port()}", *self.flags()]
        child = subprocess.Popen(command, cwd=self.home, env=environment,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.kill)
        return child

    def flags(self):
        return ["--docker-socket", self.docker.path,
                "--containerd-socket", str(self.sandbox.folder / "absent.sock")]

    def check_stages(self, signal_number):
        for stage in STAGES_MS:
            with self.subTest(milliseconds_after_exec=stage):
                child = self.spawn()
                began = time.monotonic()
                while time.monotonic() - began < stage / 1000:
                    os.sched_yield()  # Closer to the stage than a sleep.
                child.send_signal(signal_number)
                out, err = child.communicate(timeout=END_SECONDS)
                # Before main() has begun nobody but the kernel takes the signal.
                if child.returncode == -signal_number:
                    self.assertEqual((out, err), ("", ""))
                else:
                    self.assertEqual(child.returncode, 0, err)
        self.check_nothing_is_left()

    def test_sigterm_at_every_stage_of_the_start(self):
        self.check_stages(signal.SIGTERM)

    def test_sigint_at_every_stage_of_the_start(self):
        self.check_stages(signal.SIGINT)

    def test_sigterm_when_ready_leaves_nothing_of_bpf(self):
        agent = self.start_agent()
        self.check_objects_go(agent, agent.terminate)

    def test_sigterm_while_both_runtimes_hang(self):
        hung = FaultySocket(self.sandbox.folder / "hung.sock", self.docker.path, hang)
        self.addCleanup(hung.close)
        agent = Agent(self.sandbox.logs, docker_socket=hung.path, containerd_socket=hung.path)
        self.addCleanup(lambda: agent.child and agent.child.stop())
        agent.start()
        Client(self, "unnamed")  # Asked for in vain.
        wait_until(lambda: hung.accepted >= 2, 10, "both runtimes to be asked")
        self.assertEqual(agent.terminate(), 0)
        self.check_nothing_is_left()

    def test_sigterm_during_scrapes(self):
        agent = self.start_agent()
        ended, scrapes = threading.Event(), []

        def scrape():
            while not ended.is_set():
                scrapes.append(agent.get("/metrics")[0])

        scrapers = [threading.Thread(target=scrape) for _ in range(4)]
        for scraper in scrapers:
            scraper.start()
        try:
            wait_until(lambda: len(scrapes) >= 20, 20, "scrapes to be under way")
            self.assertEqual(agent.terminate(), 0)
        finally:
            ended.set()
            for scraper in scrapers:
                scraper.join()
        self.assertLessEqual(set(scrapes), {0, 200, 503})
        self.check_nothing_is_left()

    def test_sigkill_leaves_nothing_of_bpf(self):
        agent = self.start_agent()
        self.check_objects_go(agent, agent.child.kill)
        self.assertEqual(agent.start().terminate(), 0)


del BareTestCase

if __name__ == "__main__":
    unittest.main()
