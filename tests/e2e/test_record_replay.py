# SPDX-License-Identifier: Apache-2.0
"""A recording of a live machine, replayed elsewhere, has the same metrics as the live run."""

import json
import os
import signal
import time

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.processes import Child
from tests.e2e.harness.troupe_agent import END_SECONDS, Agent, clean_environment, run_troupe, \
    runtime_sockets, troupe_path
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.workload import CLOSED_PORT, PORT, OrderedClient, inbound, outbound, \
    start_server

SETTLE_SECONDS = 15


class Running:
    """A command with an endpoint: it is asked as an agent is."""

    def __init__(self, case, name, *command):
        self.agent = Agent(case.sandbox.logs, docker_socket=None, containerd_socket=None)
        self.agent.child = Child(name, [*command, "--listen", f"127.0.0.1:{self.agent.port}"],
                                 case.sandbox.logs, env=clean_environment())
        case.addCleanup(self.agent.child.stop)

    def wait_until_it_says(self, text):
        def says():
            self.agent.child.check_running()
            return text in self.agent.child.stderr()

        wait_until(says, SETTLE_SECONDS, f"it to say: {text}")

    def end(self):
        self.agent.child.send(signal.SIGINT)
        return self.agent.child.wait(END_SECONDS)


def record(case, path, *options):
    running = Running(case, "record", troupe_path(), "record", "-o", path,
                      *runtime_sockets(case.dockerd.socket, case.containerd.socket), *options)
    running.wait_until_it_says("recording to")
    return running


def replay(case, path, *options):
    """By a user who may do nothing."""
    os.chmod(path, 0o644)
    running = Running(case, "replay", "setpriv", "--reuid=65534", "--regid=65534",
                      "--clear-groups", troupe_path(), "replay", path, *options)
    running.wait_until_it_says("is at its end")
    return running


def of_containers(metrics):
    """Every series of every container: {(name, labels): value}."""
    return {(name, labels): value for name, samples in metrics.samples.items()
            if name.startswith("container_") for labels, value in samples.items()}


class RecordAndReplay(RuntimeTestCase):
    def setUp(self):
        self.server_address = start_server(self, "server", 1000)
        self.client = OrderedClient(self, "client")
        folder = self.sandbox.folder / "recordings"
        folder.mkdir(exist_ok=True)
        for path in (self.sandbox.folder, folder):
            path.chmod(0o755)
        self.path = str(folder / "a.rec")

    def replayed(self, *options):
        """(exit code, the report, stderr) of a replay without an endpoint."""
        result = run_troupe("replay", self.path, "-o", "json", *options)
        report = json.loads(result.stdout)
        return result.returncode, {x["container_id"]: x for x in report["containers"]}, \
            result.stderr

    def test_a_replay_has_the_metrics_of_the_live_run(self):
        live = record(self, self.path, "--tick-interval", "200ms")
        self.client.order("connect", self.server_address, PORT, 50, 1000)
        self.client.order("refused", self.server_address, CLOSED_PORT, 7)
        self.client.order("open", self.server_address, PORT, 1000)
        self.dockerd.docker("run", "--rm", "--name", "short", IMAGE, "/bin/true")
        closed = f"{self.server_address}:{CLOSED_PORT}"
        seen = live.agent.wait_for(
            lambda m: inbound(m, "bytes_received_total", "/docker/server") == 51_000 and
            outbound(m, "bytes_received_total", "/docker/client") == 51_000 and
            outbound(m, "failed_connects_total", "/docker/client", closed) == 7 and
            m.value("container_info", container_id="/docker/short") == 1,
            SETTLE_SECONDS, "51 connections, 7 refusals and a short container")
        self.client.order("close")
        seen = live.agent.wait_for(
            lambda m: outbound(m, "active_connections", "/docker/client") == 0 and
            inbound(m, "active_connections", "/docker/server") == 0,
            SETTLE_SECONDS, "the last connection to be gone")
        self.assertEqual(live.end(), 0, live.agent.child.stderr())
        again = replay(self, self.path)
        expected = of_containers(seen)
        self.assertGreater(len(expected), 50)
        self.assertEqual(of_containers(again.agent.scrape()), expected)
        self.assertEqual(again.end(), 0, again.agent.child.stderr())

    def test_the_report_says_what_each_container_did(self):
        live = record(self, self.path)
        self.client.order("connect", self.server_address, PORT, 50, 1000)
        self.assertEqual(live.end(), 0, live.agent.child.stderr())
        code, containers, errors = self.replayed()
        self.assertEqual(code, 0, errors)
        self.assertEqual(containers["/docker/client"]["connects"], 50)
        self.assertEqual(containers["/docker/client"]["bytes_sent"], 50_000)
        self.assertEqual(containers["/docker/server"]["accepts"], 50)

    def test_without_metadata_containers_go_by_their_ids(self):
        live = record(self, self.path, "--no-metadata")
        self.client.order("connect", self.server_address, PORT, 5, 1000)
        self.assertEqual(live.end(), 0, live.agent.child.stderr())
        code, containers, errors = self.replayed()
        self.assertEqual(code, 0, errors)
        named = [name for name in containers if name.startswith(f"/docker/{self.client.id[:12]}")]
        self.assertEqual([containers[name]["connects"] for name in named], [5], containers.keys())

    def test_a_file_that_has_its_size_is_followed_by_another_one(self):
        live = record(self, self.path, "--max-size", "1MiB", "--keep", "1")
        # A failed connect is a record of 96 bytes, of which little is left when compressed.
        for _ in range(40):
            self.client.order("refused", self.server_address, CLOSED_PORT, 5000)
            if os.path.exists(f"{self.path}.1"):
                break
        self.client.order("connect", self.server_address, PORT, 5, 1000)
        self.assertEqual(live.end(), 0, live.agent.child.stderr())
        self.assertTrue(os.path.exists(f"{self.path}.1"))
        code, containers, errors = self.replayed()
        self.assertEqual(code, 0, errors)
        self.assertEqual(containers["/docker/client"]["connects"], 5)
        self.assertEqual(containers["/docker/server"]["accepts"], 5)

    def test_a_recording_that_was_cut_off_is_used_up_to_there_and_the_offset_is_named(self):
        live = record(self, self.path)
        self.client.order("connect", self.server_address, PORT, 50, 1000)
        self.assertEqual(live.end(), 0, live.agent.child.stderr())
        # The end mark goes, and with it nothing else: all the records are still there.
        os.truncate(self.path, os.path.getsize(self.path) - 1)
        code, containers, errors = self.replayed()
        self.assertEqual(code, 1)
        self.assertRegex(errors, r"a frame is cut off at offset \d+; what is before it was used")
        self.assertEqual(containers["/docker/client"]["connects"], 50)

    def test_a_foreign_file_is_refused_in_one_line(self):
        result = run_troupe("replay", troupe_path())
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout, "")
        self.assertIn("is not a recording of troupe: it does not begin with its mark (offset 0)",
                      result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_at_the_recorded_pace_it_takes_as_long_as_it_took(self):
        live = record(self, self.path)
        begin = time.monotonic()
        self.client.order("connect", self.server_address, PORT, 1, 1000)
        live.agent.wait_for(lambda m: time.monotonic() - begin > 1, SETTLE_SECONDS, "a second")
        self.client.order("connect", self.server_address, PORT, 1, 1000)
        self.assertEqual(live.end(), 0, live.agent.child.stderr())
        begin = time.monotonic()
        code, containers, errors = self.replayed("--speed", "1")
        self.assertEqual(code, 0, errors)
        self.assertGreater(time.monotonic() - begin, 1)
        self.assertEqual(containers["/docker/client"]["connects"], 2)
