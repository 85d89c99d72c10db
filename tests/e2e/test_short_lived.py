# SPDX-License-Identifier: Apache-2.0
"""Containers that live for a moment have their exec, their exit and their exit code."""

import concurrent.futures
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.waiting import wait_until

CONTAINERS = 200
AT_ONCE = 4


class ShortLivedContainers(RuntimeTestCase):
    def setUp(self):
        self.exec_trace = self.start_trace("exec")
        self.exit_trace = self.start_trace("exit")
        self._wait_for_traces()

    def _wait_for_traces(self):
        """A trace has begun when it shows a container."""
        probes = 0

        def both_see():
            nonlocal probes
            probes += 1
            name = f"probe-{probes}"
            self.dockerd.docker("run", "--rm", "--name", name, IMAGE, "/bin/false", check=False)
            return all(any(event["container_id"].startswith("/docker/probe-")
                           for event in trace.events())
                       for trace in (self.exec_trace, self.exit_trace))

        wait_until(both_see, 30, "both traces to show a container")

    def _run_containers(self, names, *command):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: self.dockerd.docker("run", "--rm", "--name", name, IMAGE,
                                                           *command), names))

    def _finish(self, trace):
        code, events, talk = trace.finish()
        self.assertEqual(code, 0, talk)
        self.assertNotIn("lost", talk.lower())
        return events

    def test_200_containers_have_200_execs_and_200_exits(self):
        names = [f"short-{i}" for i in range(CONTAINERS)]
        ids = sorted(f"/docker/{name}" for name in names)
        self._run_containers(names, "/bin/true")
        for trace in (self.exec_trace, self.exit_trace):
            wait_until(lambda trace=trace: set(ids) <= {e["container_id"] for e in trace.events()},
                       15, lambda trace=trace: f"{trace.child.name} to show {missing(ids, trace)}")

        execs = [e for e in self._finish(self.exec_trace) if not is_probe(e)]
        self.assertEqual(sorted(e["container_id"] for e in execs if e["argv"] == ["/bin/true"]),
                         ids)
        ours = [e for e in execs if e["container_id"] in ids]
        self.assertEqual([e for e in ours if e["argv"] != ["/bin/true"]], [],
                         "execs of the runtime's own helpers")
        for event in ours:
            self.assertEqual(event["event"], "exec")
            self.assertEqual(event["runtime"], "docker")

        exits = [e for e in self._finish(self.exit_trace) if not is_probe(e)]
        ours = [e for e in exits if e["container_id"] in ids]
        self.assertEqual(sorted(e["container_id"] for e in ours), ids)
        self.assertEqual({e["exit_code"] for e in ours}, {0})
        self.assertEqual({e["signal"] for e in ours}, {0})
        self.assertEqual({e["comm"] for e in ours}, {"true"})
        # The exec and the exit of a container are those of one process.
        self.assertEqual({e["container_id"]: e["pid"] for e in exits if e["container_id"] in ids},
                         {e["container_id"]: e["pid"] for e in execs if e["container_id"] in ids})
        elsewhere = [e for e in exits if e["comm"] == "true" and e["container_id"] not in ids]
        self.assertEqual(elsewhere, [])

    def test_exit_codes_and_children_that_never_exec(self):
        self.dockerd.docker("run", "--rm", "--name", "code", IMAGE, "/bin/exit_with", "42",
                            check=False)
        self.dockerd.docker("run", "--rm", "--name", "children", IMAGE, "/bin/fork_exit", "7")

        def exits(name):
            return [e for e in self.exit_trace.events() if e["container_id"] == f"/docker/{name}"]

        wait_until(lambda: len(exits("code")) >= 1 and len(exits("children")) >= 8, 15,
                   "1 and 8 exits")
        self._finish(self.exit_trace)
        self._finish(self.exec_trace)
        by_container = {name: sorted(e["exit_code"] for e in self.exit_trace.seen()
                                     if e["container_id"] == f"/docker/{name}")
                        for name in ("code", "children")}
        self.assertEqual(by_container, {"code": [42], "children": [0, 1, 2, 3, 4, 5, 6, 7]})


def is_probe(event):
    return event["container_id"].startswith("/docker/probe-")


def missing(ids, trace):
    return sorted(set(ids) - {event["container_id"] for event in trace.events()})


if __name__ == "__main__":
    unittest.main()
