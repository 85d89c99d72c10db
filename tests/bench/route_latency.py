# SPDX-License-Identifier: Apache-2.0
"""From the kernel's timestamp to the container's actor, live: the agent's own histogram.

A sample a batch, of its oldest event. The reader looks into the ring every drain_interval (20 ms)
unless much has gathered: under little load that is the latency.
"""

import time

from tests.bench.figures import Figure
from tests.bench.overhead import agent_without_runtimes
from tests.bench.scratch_cgroup import ScratchContainer
from tests.e2e.harness.processes import Child

SECONDS = 5
FAMILY = "troupe_route_latency_seconds_bucket"
LOADS = (("TCP ping-pong in 1 container", "ping_pong", ("1", "1000000000"), 1),
         ("connections in 1 container", "connect_churn", ("0",), 1),
         ("500 connections/s in each of 50 containers", "connect_churn", ("500",), 50))


def measure(setting):
    figures = []
    for what, program, arguments, containers in LOADS:
        before, after = _live(setting, setting.folder / program, arguments, containers)
        batches = after["+Inf"] - before["+Inf"]
        figures += [Figure(f"p{percent} at most, {what}", "ms", [bound(before, after, percent) * 1e3],
                           note=f"{batches:.0f} samples")
                    for percent in (50, 99)]
    return figures


def _live(setting, program, arguments, containers):
    places = [ScratchContainer() for _ in range(containers)]
    agent = agent_without_runtimes(setting.folder).start()
    loads = []
    try:
        loads += [Child("load", place.command(program, *arguments), setting.folder)
                  for place in places]
        time.sleep(1)  # The load's beginning is not what is measured.
        before = _buckets(agent)
        time.sleep(SECONDS)
        return before, _buckets(agent)
    finally:
        for load in loads:
            load.kill()
        agent.terminate()
        for place in places:
            place.remove()


def _buckets(agent):
    """Upper bound -> how many batches took no longer."""
    return {labels["le"]: value for labels, value in agent.scrape().series(FAMILY)}


def bound(before, after, percent):
    """The upper bound, in seconds, of the bucket that this percentile of the new samples is in."""
    counts = sorted((float(le), after[le] - before.get(le, 0)) for le in after)
    wanted = counts[-1][1] * percent / 100
    return next(le for le, count in counts if count >= wanted)
