# SPDX-License-Identifier: Apache-2.0
"""Names, labels and arguments come from whoever starts a container: they may hold anything."""

import json
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.processes import run
from tests.e2e.harness.troupe_agent import run_troupe, runtime_sockets
from tests.e2e.harness.waiting import wait_until

# Sets the window's title, clears the screen, then breaks lines, quotes and label syntax.
HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n\"} 1\n# TYPE x\\\u009b31m\u202e"
LONG = "x" * 20_000


class HostileNames(RuntimeTestCase):
    def setUp(self):
        self.run_server("victim", "--label", f"evil={HOSTILE}", "--label", f"long={LONG}",
                        "--label", f"io.kubernetes.pod.namespace={HOSTILE}",
                        "--label", f"io.kubernetes.pod.name=pod{HOSTILE}",
                        "--label", f"io.kubernetes.container.name={HOSTILE}app",
                        IMAGE, "/bin/sleep", "1000")
        self.sockets = runtime_sockets(self.dockerd.socket, self.containerd.socket)

    def test_the_list_shows_them_without_obeying_them(self):
        for output in ("columns", "wide", "yaml"):
            done = run_troupe("list", "-o", output, *self.sockets)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assert_harmless(done.stdout + done.stderr, output)
        done = run_troupe("list", "-o", "json", *self.sockets)
        self.assert_harmless(done.stdout, "json")
        row = next(row for row in json.loads(done.stdout) if row["name"] == "victim")
        self.assertEqual(row["labels"]["evil"], HOSTILE)

    def test_the_scrape_stays_one_exposition(self):
        agent = self.start_agent()
        agent.wait_for(lambda m: self._victims(m), 15, "the container")
        text = agent.scrape_text()
        self.assert_harmless(text, "metrics")
        linted = run(["promtool", "check", "metrics"], input_text=text, check=False)
        self.assertEqual((linted.returncode, linted.stdout, linted.stderr), (0, "", ""))

    def _victims(self, metrics):
        return [labels for labels, _ in metrics.series("container_info")
                if self.dockerd.inspect("victim")["Id"] in labels.values()]

    def test_a_trace_shows_arguments_without_obeying_them(self):
        trace = self.start_trace("exec", "--allow-loss")
        columns = self.start_trace("exec", "--allow-loss", output="columns")
        attempts = 0

        def seen():
            nonlocal attempts
            attempts += 1
            self.dockerd.docker("run", "--rm", "--name", f"arguments-{attempts}", IMAGE,
                                "/bin/true", HOSTILE)
            return any("/docker/arguments-" in e["container_id"] for e in trace.events()) and \
                "/docker/arguments-" in columns.child.stdout()

        wait_until(seen, 30, "the hostile argument")
        code, events, talk = trace.finish()
        self.assertEqual(code, 0, talk)
        ours = [e for e in events if "/docker/arguments-" in e["container_id"]]
        self.assertEqual({tuple(e["argv"]) for e in ours}, {("/bin/true", HOSTILE)})
        columns.child.stop()
        self.assert_harmless(columns.child.stdout(), "columns")

    def assert_harmless(self, text, what):
        """No control characters but the newline, C1 and direction overrides included."""
        dangerous = {c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7f <= ord(c) < 0xa0
                     or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"}
        self.assertEqual(dangerous, set(), what)


if __name__ == "__main__":
    unittest.main()
