# SPDX-License-Identifier: Apache-2.0
"""Resident memory by the number of containers: a replay, in which there are no BPF maps."""

from tests.bench.figures import Figure
from tests.bench.replayed_agent import ReplayedAgent
from tests.bench.setting import make_recording
from tests.e2e.harness.memory import resident_bytes
from tests.e2e.harness.waiting import wait_until

CONTAINERS = (10, 100, 1000)
BUDGET_MB = {1000: 100}
# About a hundred series each, as in the scrape under load.
DESTINATIONS = 5
CONNECTIONS = 10
EVENTS_EACH = 400
RATE = 100_000
SCRAPES = 5
REPEATS = 3


def measure(setting):
    figures = []
    for containers in CONTAINERS:
        recording = make_recording(setting, f"memory-{containers}", containers=containers,
                                   connections=CONNECTIONS, destinations=DESTINATIONS,
                                   records=containers * EVENTS_EACH, rate=RATE)
        samples = [_megabytes(setting, recording, containers * EVENTS_EACH)
                   for _ in range(setting.repeats(REPEATS))]
        figures.append(Figure(f"{containers} containers", "MB", samples,
                              BUDGET_MB.get(containers)))
    return figures


def _megabytes(setting, recording, records):
    agent = ReplayedAgent(setting.folder, recording, speed=1).start()
    try:
        wait_until(lambda: agent.records() >= records, 60, "the recording's end")
        for _ in range(SCRAPES):
            agent.scrape_text()
        return resident_bytes(agent.child.pid) / 1e6
    finally:
        agent.child.stop()
