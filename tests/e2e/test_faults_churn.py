# SPDX-License-Identifier: Apache-2.0
"""1,000 containers that come and go within a minute, twice: each is counted exactly while it is
known, and nothing of it is left when it is retired."""

import concurrent.futures
import contextlib
import os
import subprocess
import threading
import time
import unittest

from tests.e2e.harness.bare import SIZE, BareTestCase
from tests.e2e.harness.cgroup_containers import CgroupContainer
from tests.e2e.harness.memory import resident_bytes
from tests.e2e.harness.waiting import wait_until

CONTAINERS, AT_ONCE = 1000, 4
ROUND_SECONDS = 60
OPTIONS = ("--tick-interval", "500ms", "--retire-after", "5s", "--fallback-name-after", "30s")
SCRAPE_PAUSE_SECONDS = 0.5
# The first round fills the allocator's pools; from then on nothing may stay.
ALLOWED = {"resident bytes": 3 << 20}
CONNECTS = "container_net_tcp_successful_connects_total"


class Churn(BareTestCase):
    def test_1000_containers_a_minute_are_counted_and_leave_nothing(self):
        agent = self.start_agent(*OPTIONS)
        self.churn(agent, "first")
        before = self.wait_until_retired(agent)
        self.churn(agent, "second")
        self.wait_until_retired(agent)

        def grown():
            """What is more than before; others on the machine may have come for a moment."""
            after = held(agent)
            return {name: (before[name], after[name]) for name in before
                    if after[name] - before[name] > ALLOWED.get(name, 0)}

        wait_until(lambda: not grown(), 20, lambda: f"no growth: {grown()}")
        metrics = agent.scrape()
        self.assertEqual(metrics.losses(), [])
        self.assertEqual(metrics.value("troupe_actor_restarts_total"), 0)

    def churn(self, agent, name):
        """One round; checks that every container was seen with its one exec and its one connect."""
        execs = self.start_trace("exec", "-r", "docker", "--timeout", "300")
        self.wait_for_trace(execs, name)
        names = [f"{name}-{i}" for i in range(CONTAINERS)]
        began = time.monotonic()
        with self.scraping(agent) as seen:
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(self.live_and_die, names))
            self.assertLess(time.monotonic() - began, ROUND_SECONDS)
            expected = {f"/docker/{container}": 1 for container in names}
            wait_until(lambda: seen.keys() >= expected.keys(), 10,
                       lambda: f"{len(expected.keys() - seen.keys())} containers in a scrape")
        self.assertEqual({key: value for key, value in seen.items() if key in expected}, expected)
        self.check_execs(execs, expected)

    def live_and_die(self, name):
        cgroup = CgroupContainer()
        self.docker.add(cgroup.id, name, 0)
        try:
            client = cgroup.start(self.program("tcp_client"), "127.0.0.1", self.server_port, 1,
                                  SIZE, stdout=subprocess.DEVNULL)
            self.assertEqual(client.wait(30), 0)
        finally:
            cgroup.end()
            self.docker.remove(cgroup.id)

    def wait_for_trace(self, trace, name):
        probes = 0

        def seen():
            nonlocal probes
            probes += 1
            self.live_and_die(f"probe-{name}-{probes}")
            return any(f"/docker/probe-{name}-" in e["container_id"] for e in trace.events())

        wait_until(seen, 20, "the trace to show a container")

    @contextlib.contextmanager
    def scraping(self, agent):
        """Yields {container id: connects}, the most that any scrape showed, while it grows."""
        seen, end = {}, threading.Event()

        def scrape():
            while not end.wait(SCRAPE_PAUSE_SECONDS):
                for labels, value in agent.scrape().series(CONNECTS):
                    key = labels["container_id"]
                    seen[key] = max(value, seen.get(key, 0))

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            scraper = pool.submit(scrape)
            try:
                yield seen
            finally:
                end.set()
                scraper.result()

    def check_execs(self, trace, expected):
        def execs():
            counts = dict.fromkeys(expected, 0)
            for event in trace.seen():
                if event["container_id"] in counts:
                    counts[event["container_id"]] += 1
            return counts

        wait_until(lambda: sum(execs().values()) >= len(expected), 15, "every exec in the trace")
        code, _, talk = trace.finish()
        self.assertEqual((code, execs()), (0, expected), talk)

    def wait_until_retired(self, agent):
        """What the agent holds when no container of the test is left."""
        def none_left(metrics):
            return metrics.value("troupe_containers", runtime="docker") == 0 and \
                not [key for key in metrics.label_values("container_info", "container_id")
                     if key.startswith("/docker/")]

        agent.wait_for(none_left, 30, "all containers to be retired")
        return held(agent)


def held(agent):
    """How much the agent holds, by what it is."""
    metrics = agent.scrape()
    folder = f"/proc/{agent.child.pid}"
    result = {"resident bytes": resident_bytes(agent.child.pid),
              "fds": len(os.listdir(f"{folder}/fd")),
              "threads": len(os.listdir(f"{folder}/task")),
              "containers": metrics.value("troupe_containers"),
              "series": sum(len(samples) for name, samples in metrics.samples.items()
                            if name.startswith("container_"))}
    for family, label in (("troupe_cgroup_routes", "target"), ("troupe_bpf_map_entries", "map")):
        for labels, value in metrics.series(family):
            result[f"{family} {labels[label]}"] = value
    return result


del BareTestCase

if __name__ == "__main__":
    unittest.main()
