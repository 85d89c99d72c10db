# SPDX-License-Identifier: Apache-2.0
"""A container above its memory limit: who the kernel killed, in metrics and traces."""

import signal
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.waiting import wait_until

LIMIT_MEGABYTES = 16


class OutOfMemory(RuntimeTestCase):
    def test_one_kill_is_one_kill(self):
        agent = self.start_agent()
        oom_trace = self.start_trace("oom")
        exit_trace = self.start_trace("exit")
        wait_until(lambda: self._probe() and exit_trace.events(), 30, "the trace of exits")

        self.run_server("greedy", "--memory", f"{LIMIT_MEGABYTES}m", "--memory-swap",
                        f"{LIMIT_MEGABYTES}m", IMAGE, "/bin/oom", str(4 * LIMIT_MEGABYTES))
        self.assertEqual(self.dockerd.docker("wait", "greedy").stdout.strip(), "137")

        metrics = agent.wait_for(
            lambda m: m.value("container_oom_kills_total", container_id="/docker/greedy") >= 1,
            15, "the OOM kill")
        self.assertEqual(metrics.value("container_oom_kills_total",
                                       container_id="/docker/greedy"), 1)
        self.assertEqual(metrics.value("container_oom_kills_total"), 1, "somebody else's, too")
        for trace in (oom_trace, exit_trace):
            wait_until(lambda trace=trace: of_greedy(trace.events()), 15, trace.child.name)
            code, events, talk = trace.finish()
            self.assertEqual(code, 0, talk)
            self._check_event(events)

    def _check_event(self, events):
        events = of_greedy(events)
        self.assertEqual(len(events), 1, events)
        self.assertEqual(events[0]["comm"], "oom")
        self.assertIs(events[0]["oom"], True)
        self.assertEqual(events[0]["signal"], signal.SIGKILL)

    def _probe(self):
        self.dockerd.docker("run", "--rm", IMAGE, "/bin/true")
        return True


def of_greedy(events):
    return [event for event in events if event["container_id"] == "/docker/greedy"]


if __name__ == "__main__":
    unittest.main()
