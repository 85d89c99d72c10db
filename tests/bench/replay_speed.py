# SPDX-License-Identifier: Apache-2.0
"""How fast recorded events go from the reader through the registry to the containers."""

import json
import os
import resource
import time

from tests.bench.figures import Figure
from tests.bench.setting import bench_program, make_recording
from tests.e2e.harness.processes import run
from tests.e2e.harness.troupe_agent import clean_environment, troupe_path

REPEATS = 7
# What is replayed, its budget in millions of records a second on one core, and the generator's
# options. The first two are connection events: their opening and closing, and their totals. The
# third are L7 chunks.
LOADS = (
    ("connections that open and close", 5, {"load": "connections", "records": 10_000_000}),
    ("totals of live connections", 5, {"load": "progress", "records": 10_000_000}),
    ("HTTP's requests and answers, told one by one", 2, {"load": "requests", "records": 6_000_000}),
    ("fork, exec, exit", None, {"load": "processes", "records": 5_000_000}),
)
# So few that a replay, which does not wait for names, still has all answers when they are wanted.
CHURN = {"load": "cgroups", "records": 2_000}
CONTAINERS = 100


def measure(setting):
    figures = []
    for what, budget, options in LOADS:
        recording = make_recording(setting, options["load"], containers=CONTAINERS, **options)
        figures += _of(setting, recording, what, budget)
    figures += _reading(setting)
    recording = make_recording(setting, "cgroups", containers=CONTAINERS, **CHURN)
    pinned = [_replay(recording, 1) for _ in range(setting.repeats(REPEATS))]
    return figures + [Figure("containers that come and go, one core", "thousand/s",
                             [x.records / 2 / x.seconds / 1e3 for x in pinned])]


def _of(setting, recording, what, budget):
    repeats = range(setting.repeats(REPEATS))
    pinned = [_replay(recording, 1) for _ in repeats]
    spread = [_replay(recording, os.cpu_count()) for _ in repeats]
    return [Figure(f"{what}, one core", "M/s", [x.records / x.seconds / 1e6 for x in pinned],
                   budget, at_least=True),
            Figure("  CPU of all threads, all cores", "ns/record",
                   [x.cpu_seconds / x.records * 1e9 for x in spread]),
            Figure("  all cores", "M/s", [x.records / x.seconds / 1e6 for x in spread])]


def _reading(setting):
    """The source alone, and router and containers alone, in one thread: what actors add."""
    recording = make_recording(setting, "connections-3000000", containers=CONTAINERS,
                               records=3_000_000)
    samples = [json.loads(run([bench_program("bench/bench_event_path"), recording]).stdout)
               for _ in range(setting.repeats(REPEATS))]
    return [Figure("reading a recording of connections, no actors", "M/s",
                   [x["read_per_second"] / 1e6 for x in samples]),
            Figure("router and containers, no actors", "M/s",
                   [x["routed_per_second"] / 1e6 for x in samples])]


class _replay:
    """One run; the recording is in the page cache since it was made."""

    def __init__(self, recording, cores):
        cpus = ",".join(str(cpu) for cpu in sorted(os.sched_getaffinity(0))[:cores])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        done = run(["taskset", "-c", cpus, troupe_path(), "replay", recording, "-o", "json"],
                   seconds=300, env=clean_environment())
        self.process_seconds = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu_seconds = (after.ru_utime + after.ru_stime
                            - before.ru_utime - before.ru_stime)
        said = json.loads(done.stdout)
        self.records = said["records"]
        # From the first actor's start until every container has given its snapshot.
        self.seconds = said["duration_ns"] / 1e9
        if said["losses"]:
            raise AssertionError(f"a replay lost events: {said['losses']}")
