# SPDX-License-Identifier: Apache-2.0
"""The agent's own health: /debug/actors and `troupe top actors` say the same, also of an actor that
hangs, and nobody from elsewhere is told."""

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import threading
import time
import unittest

from tests.e2e.harness.bare import BareTestCase, Client
from tests.e2e.harness.cgroup_containers import CgroupContainer
from tests.e2e.harness.processes import Child, run
from tests.e2e.harness.troupe_agent import clean_environment, free_port, run_troupe, troupe_path
from tests.e2e.harness.waiting import wait_until

NAMESPACE = f"troupe-top-{os.getpid()}"
ELSEWHERE = "198.51.100.7"  # RFC 5737: nobody's; an address of the test's own namespace
INTERVAL_SECONDS = 3


def actors(agent):
    """{(actor, label): row} as the endpoint has it."""
    status, text = agent.get("/debug/actors?format=json&containers=all")
    if status != 200:
        raise AssertionError(f"/debug/actors answered {status}: {text}")
    answer = json.loads(text)
    return {(row["actor"], row["label"]): row
            for row in answer["actors"] + answer["busiest_containers"]}


class TopActors(BareTestCase):
    def top(self, agent, *options):
        child = Child("top", [troupe_path(), "top", "actors", "--agent", f"127.0.0.1:{agent.port}",
                              *options], self.sandbox.logs, env=clean_environment())
        self.addCleanup(child.stop)
        return child

    def table(self, child, number):
        """The rows of its n-th table, from 1, as soon as that is complete."""
        tables = []

        def is_there():
            by_time = {}
            for line in child.stdout().splitlines(keepends=True):
                if line.endswith("\n"):
                    row = json.loads(line)
                    by_time.setdefault(row["time"], []).append(row)
            tables[:] = by_time.values()
            # A table is written at once; the next one, or the end, says that it is whole.
            return len(tables) > number or (len(tables) == number and not child.running())

        wait_until(is_there, 5 * INTERVAL_SECONDS, f"table {number} of top actors")
        return {(row["actor"], row["label"] or ""): row for row in tables[number - 1]}

    def test_batches_rise_exactly_as_the_endpoint_says(self):
        agent = self.start_agent()
        client = Client(self, "watched")
        client.connect(10)
        client.wait_for(agent, 10)
        key = ("container", client.container_id)
        before = actors(agent)[key]
        top = self.top(agent, "-n", "2", "-o", "json", "--interval", str(INTERVAL_SECONDS))
        wait_until(lambda: top.stdout().count("\n") > 5, 3 * INTERVAL_SECONDS, "the first table")
        for _ in range(5):
            client.connect(10)
        client.wait_for(agent, 60)
        after = actors(agent)[key]
        last = self.table(top, 2)[key]
        first = self.table(top, 1)[key]
        self.assertEqual(top.wait(10), 0)
        self.assertEqual(first["batches"], before["batches"])
        self.assertEqual(last["batches"], after["batches"])
        self.assertGreater(last["batches"], first["batches"])
        self.assertEqual(first["batches_per_second"], 0)
        for row in (first, last):
            self.assertEqual((row["credit_used"], row["credit_granted"]), (0, 8))
            self.assertEqual(row["restarts"], 0)
        for row in (before, after):
            self.assertEqual(row["container_key"], first["container_key"])
        reader = actors(agent)[("bpf_reader", "")]
        self.assertGreaterEqual(reader["batches"], after["batches"])
        self.assertEqual(agent.terminate(), 0)

    def test_every_actor_of_an_agent_has_its_line(self):
        agent = self.start_agent()
        names = {name for name, _ in actors(agent)}
        self.assertLessEqual({"supervisor", "host", "runtime_metadata", "registry", "bpf_reader",
                              "gc_ticker", "exporter", "runtime_watcher"}, names)
        table = run_troupe("top", "actors", "--agent", f"127.0.0.1:{agent.port}", "-n", "1",
                           "--interval", "0.1", "--fields", "actor,mailbox", "--no-headers")
        self.assertEqual(table.returncode, 0, table.stderr)
        # A worker lives for one lookup only.
        self.assertLessEqual(names - {"container", "runtime_worker"},
                             {line.split()[0] for line in table.stdout.splitlines()})
        status, help_text = agent.get("/debug/actors?format=xml")
        self.assertEqual(status, 400)
        self.assertIn("format=json", help_text)

    def test_one_that_hangs_is_shown_with_its_message(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.docker.inspect = lambda _: release.wait(60) and None
        agent = self.start_agent("--runtime-timeout", "20s")
        cgroup = CgroupContainer()
        self.addCleanup(cgroup.end)
        cgroup.start("/bin/sleep", "60")
        worker = ("runtime_worker", self.docker.path)
        wait_until(lambda: actors(agent).get(worker, {}).get("state") == "no_answer", 15,
                   lambda: f"a worker that does not answer: {actors(agent)}")
        row = actors(agent)[worker]
        self.assertEqual(row["last_message"], "lookup_order")
        self.assertGreater(row["waiting_ns"], 1_000_000_000)
        self.assertIn("no answer for ", agent.get("/debug/actors")[1])
        top = self.table(self.top(agent, "-n", "1", "-o", "json"), 1)
        self.assertEqual(next(iter(top)), worker, "who does not answer stands first")
        self.assertEqual(top[worker]["state"], "no_answer")
        # Nobody waits for it.
        self.assertNotEqual(actors(agent)[("registry", "")]["state"], "no_answer")
        self.assertEqual(agent.terminate(), 0)

    def test_a_terminal_is_given_back_at_ctrl_c(self):
        agent = self.start_agent()
        master, slave = pty.openpty()
        with os.fdopen(master, "rb", buffering=0) as screen:
            top = subprocess.Popen([troupe_path(), "top", "actors", "--interval", "0.2", "--agent",
                                    f"127.0.0.1:{agent.port}"], stdin=slave, stdout=slave,
                                   env=clean_environment())
            self.addCleanup(top.kill)
            os.close(slave)
            shown = read_until(screen, b"bpf_reader")
            self.assertTrue(shown.startswith(b"\x1b[?1049h\x1b[?25l"))
            top.send_signal(signal.SIGINT)
            self.assertEqual(top.wait(10), 0)
            _, restored, after = read_to_end(screen).rpartition(b"\x1b[?25h\x1b[?1049l")
            self.assertTrue(restored)
            self.assertIn(b"bpf_reader", after, "the last table stays to be read")

    def test_without_an_agent_the_next_step_is_said(self):
        nobody = run_troupe("top", "actors", "--agent", f"127.0.0.1:{free_port()}")
        self.assertEqual((nobody.returncode, nobody.stdout), (1, ""))
        self.assertIn("start one with 'troupe agent'", nobody.stderr)

    def test_who_is_elsewhere_is_told_nothing(self):
        run(["ip", "netns", "add", NAMESPACE])
        self.addCleanup(lambda: run(["ip", "netns", "del", NAMESPACE], check=False))
        # Not `ip netns exec`: it mounts another /sys, without cgroupfs.
        inside = ["nsenter", f"--net=/run/netns/{NAMESPACE}"]
        for command in ("ip link set lo up", "ip link add elsewhere type veth peer elsewhere1",
                        f"ip address add {ELSEWHERE}/32 dev elsewhere", "ip link set elsewhere up"):
            run([*inside, *command.split()])
        agent = Child("agent", [*inside, troupe_path(), "agent", "--runtimes-off", "--listen",
                                "0.0.0.0:9912"], self.sandbox.logs, env=clean_environment())
        self.addCleanup(agent.stop)

        def top(address):
            return run([*inside, troupe_path(), "top", "actors", "-n", "1", "--interval", "0.1",
                        "--agent", f"{address}:9912"], check=False, env=clean_environment())

        wait_until(lambda: agent.check_running() or top("127.0.0.1").returncode == 0, 20,
                   "the agent to listen")
        refused = top(ELSEWHERE)
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("only to its own machine", refused.stderr)


def read_until(screen, text, seconds=10):
    """What a terminal gets, until the text is in it."""
    shown, end = b"", time.monotonic() + seconds
    while text not in shown:
        if not select.select([screen], [], [], max(0.0, end - time.monotonic()))[0]:
            raise AssertionError(f"{text!r} did not come: {shown!r}")
        shown += screen.read(4096)
    return shown


def read_to_end(screen):
    """What else comes until nobody has the terminal open for writing."""
    shown = b""
    with contextlib.suppress(OSError):  # EIO: that is how a terminal says it.
        while part := screen.read(4096):
            shown += part
    return shown


del BareTestCase

if __name__ == "__main__":
    unittest.main()
