# SPDX-License-Identifier: Apache-2.0
"""What a person sees: lists, one clear line for what is wrong, exit codes, a prompt end."""

import json
import shutil
import socket
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import CONTAINERD_IMAGE, IMAGE
from tests.e2e.harness.processes import descendants, run
from tests.e2e.harness.troupe_agent import clean_environment, free_port, \
    run_troupe, runtime_sockets, troupe_path
from tests.e2e.harness.workload import PORT, OrderedClient, start_server

LIST_FIELDS = {"container_id", "runtime", "runtime_id", "name", "image", "image_digest", "state",
               "pid", "created", "started", "finished", "exit_code", "restarts", "labels"}


class CommandLine(RuntimeTestCase):
    def sockets(self):
        return runtime_sockets(self.dockerd.socket, self.containerd.socket)

    def assert_one_line(self, text, *words):
        lines = text.strip().splitlines()
        self.assertEqual(len(lines), 1, text)
        for word in words:
            self.assertIn(word, lines[0])


class Lists(CommandLine):
    def setUp(self):
        self.id = self.run_server("listed", "--label", "tier=front", IMAGE, "/bin/sleep", "1000")
        self.run_server("gone", IMAGE, "/bin/exit_with", "3")
        self.dockerd.docker("wait", "gone")
        self.addCleanup(self.containerd.ctr, "-n", "ns1", "container", "rm", "plain", check=False)
        self.addCleanup(self.containerd.ctr, "-n", "ns1", "task", "rm", "-f", "plain", check=False)
        self.containerd.ctr("-n", "ns1", "run", "-d", CONTAINERD_IMAGE, "plain", "/bin/sleep",
                            "1000")

    def test_json_has_every_container_of_both_runtimes_with_every_field(self):
        done = run_troupe("list", "--all", "-o", "json", *self.sockets())
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {row["container_id"]: row for row in json.loads(done.stdout)}
        listed = rows["/docker/listed"]
        self.assertLessEqual(LIST_FIELDS, listed.keys())
        self.assertEqual(listed["runtime"], "docker")
        self.assertEqual(listed["runtime_id"], self.id)
        self.assertEqual(listed["name"], "listed")
        self.assertEqual(listed["image"], IMAGE)
        self.assertEqual(listed["state"], "running")
        self.assertEqual(listed["labels"], {"tier": "front"})
        self.assertEqual(listed["pid"], self.dockerd.inspect("listed")["State"]["Pid"])
        self.assertEqual((rows["/docker/gone"]["state"], rows["/docker/gone"]["exit_code"]),
                         ("exited", 3))
        plain = rows["/containerd/ns1/plain"]
        self.assertEqual((plain["runtime"], plain["state"]), ("containerd", "running"))
        # A docker container is one row, though containerd knows it too.
        self.assertEqual([row["container_id"] for row in rows.values()
                          if row["runtime_id"] == self.id], ["/docker/listed"])

    def test_columns_and_selection(self):
        done = run_troupe("list", *self.sockets())
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("/docker/listed", "/containerd/ns1/plain"):
            self.assertIn(name, done.stdout)
        done = run_troupe("list", "--no-headers", "-c", "listed", *self.sockets())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_one_line(done.stdout, "/docker/listed", "running")

    def test_a_container_that_does_not_exist(self):
        done = run_troupe("list", "-c", "no-such-container", *self.sockets())
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assert_one_line(done.stderr, "no-such-container")


class Mistakes(CommandLine):
    def test_a_wrong_flag(self):
        done = run_troupe("list", "--no-such-flag")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        self.assertIn("--no-such-flag", done.stderr)

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = run_troupe("agent", "--listen", address, *self.sockets())
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr, address)

    def test_without_root(self):
        # Where the binary was built, nobody may not look.
        self.sandbox.folder.chmod(0o711)
        copy = self.sandbox.folder / "troupe"
        shutil.copy2(troupe_path(), copy)
        done = run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", copy,
                    "agent", "--listen", f"127.0.0.1:{free_port()}"], check=False,
                   env=clean_environment())
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assert_one_line(done.stderr, "root")


class Endpoint(CommandLine):
    def test_health_readiness_and_what_promtool_says(self):
        agent = self.start_agent()
        address = start_server(self, "web", 1000)
        client = OrderedClient(self, "browser")
        client.order("connect", address, PORT, 3, 1000)
        agent.wait_for(lambda m: m.series("container_net_tcp_successful_connects_total",
                                          container_id="/docker/browser"), 15, "the connects")
        self.assertEqual(agent.get("/healthz")[0], 200)
        self.assertEqual(agent.get("/readyz")[0], 200)
        self.assertEqual(agent.get("/no-such-page")[0], 404)
        linted = run(["promtool", "check", "metrics"], input_text=agent.scrape_text(), check=False)
        self.assertEqual((linted.returncode, linted.stdout, linted.stderr), (0, "", ""))

    def test_every_series_says_which_machine_and_every_container_series_whose(self):
        metrics = self.start_agent().scrape()
        for name, samples in metrics.samples.items():
            for key in samples:
                labels = dict(key)
                self.assertIn("machine_id", labels, name)
                self.assertIn("system_uuid", labels, name)
                if name.startswith("container_"):
                    self.assertIn("container_id", labels, name)
                    self.assertIn("app_id", labels, name)
        self.assertEqual(len(metrics.series("node_info")), 1)
        self.assertEqual(len(metrics.series("troupe_build_info")), 1)
        off = [labels for labels, value in metrics.series("troupe_feature_enabled") if value != 1]
        self.assertEqual(off, [])

    def test_sigterm_ends_it_within_two_seconds_and_leaves_nothing(self):
        before = set(descendants())
        agent = self.start_agent()
        self.assertEqual(agent.terminate(), 0)
        self.assertEqual(set(descendants()) - before, set())
        # The port is free, and the BPF programs are gone: the next one starts as the first did.
        self.assertEqual(agent.start().terminate(), 0)

    def test_sigterm_while_a_scraper_reads_slowly(self):
        agent = self.start_agent()
        with socket.create_connection(("127.0.0.1", agent.port), timeout=5) as scraper:
            scraper.sendall(b"GET /metrics HTTP/1.1\r\nHost: troupe\r\n\r\n")
            self.assertTrue(scraper.recv(1))
            self.assertEqual(agent.terminate(), 0)


del CommandLine

if __name__ == "__main__":
    unittest.main()
