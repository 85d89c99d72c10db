# SPDX-License-Identifier: Apache-2.0
"""troupe list -w: what is there, then every change as its runtime tells it."""

import json
import signal
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.processes import Child
from tests.e2e.harness.troupe_agent import END_SECONDS, clean_environment, runtime_sockets, \
    troupe_path
from tests.e2e.harness.waiting import wait_until


class ListWatch(RuntimeTestCase):
    def start_watch(self, *options):
        child = Child("watch", [troupe_path(), "list", "-w", "-o", "json", *options,
                                *runtime_sockets(self.dockerd.socket, self.containerd.socket)],
                      self.sandbox.logs, env=clean_environment())
        self.addCleanup(child.stop)
        return child

    def changes(self, child, *ids):
        """(event, container id, exit code) of each line so far about these containers."""
        text = child.stdout()
        lines = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        return [(x["event"], x["container_id"], x["exit_code"]) for x in lines
                if x["container_id"] in ids]

    def wait_for(self, child, expected, *ids):
        wait_until(lambda: child.check_running() or len(self.changes(child, *ids)) >= len(expected),
                   10, lambda: f"{expected}; so far {self.changes(child, *ids)}")
        self.assertEqual(self.changes(child, *ids), expected)

    def test_every_change_once_in_order_until_it_is_gone(self):
        self.run_server("old", IMAGE, "/bin/sleep", "1000")
        self.addCleanup(self.dockerd.docker, "rm", "-f", "new", check=False)
        watch = self.start_watch()
        ids = ("/docker/old", "/docker/new")
        expected = [("running", "/docker/old", None)]
        self.wait_for(watch, expected, *ids)
        for words, change in ((("pause", "old"), ("paused", "/docker/old", None)),
                              (("unpause", "old"), ("running", "/docker/old", None)),
                              (("rename", "old", "new"), ("renamed", "/docker/new", None)),
                              (("kill", "new"), ("exited", "/docker/new", 137)),
                              (("start", "new"), ("running", "/docker/new", None)),
                              (("stop", "-t", "0", "new"), ("exited", "/docker/new", 137)),
                              (("rm", "new"), ("removed", "/docker/new", 137))):
            self.dockerd.docker(*words)
            expected.append(change)
            self.wait_for(watch, expected, *ids)

    def test_created_containers_with_all_and_a_filter(self):
        watch = self.start_watch("--all", "-c", "mine")
        for name in ("mine", "other"):
            self.dockerd.docker("create", "--name", name, IMAGE, "/bin/exit_with", "3")
            self.addCleanup(self.dockerd.docker, "rm", "-f", name, check=False)
            self.dockerd.docker("start", name)
        self.wait_for(watch, [("created", "/docker/mine", None), ("running", "/docker/mine", None),
                              ("exited", "/docker/mine", 3)], "/docker/mine", "/docker/other")

    def test_it_outlives_its_runtime_and_ends_at_once(self):
        self.run_server("steady", IMAGE, "/bin/sleep", "1000")
        watch = self.start_watch("-c", "steady")
        running = [("running", "/docker/steady", None)]
        self.wait_for(watch, running, "/docker/steady")
        self.dockerd.kill()
        wait_until(lambda: str(self.dockerd.socket) in watch.stderr(), 10, "a complaint")
        self.dockerd.start()
        self.dockerd.docker("pause", "steady")
        self.wait_for(watch, [*running, ("paused", "/docker/steady", None)], "/docker/steady")
        self.dockerd.docker("unpause", "steady")
        watch.popen.send_signal(signal.SIGINT)
        self.assertEqual(watch.popen.wait(END_SECONDS), 0)


if __name__ == "__main__":
    unittest.main()
