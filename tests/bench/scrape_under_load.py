# SPDX-License-Identifier: Apache-2.0
"""A scrape of 1,000 containers and 100,000 series while 500,000 events flow each second."""

import http.client
import time

from tests.bench.figures import Figure
from tests.bench.replayed_agent import ReplayedAgent
from tests.bench.setting import make_recording
from tests.e2e.harness.metrics import Metrics
from tests.e2e.harness.waiting import wait_until

CONTAINERS = 1000
# With these each container has about a hundred series: seven families a destination, a histogram of
# its round-trip time, and what every container has.
DESTINATIONS = 5
CONNECTIONS = 5
RATE = 500_000
SECONDS = 20
SCRAPE_EVERY = 0.5
MEASURED_SECONDS = 14


def measure(setting):
    recording = make_recording(setting, "scrape", containers=CONTAINERS, connections=CONNECTIONS,
                               destinations=DESTINATIONS, rate=RATE, records=RATE * SECONDS)
    agent = ReplayedAgent(setting.folder, recording, speed=1).start()
    try:
        wait_until(lambda: len(agent.scrape().label_values("container_info", "container_id"))
                   >= CONTAINERS, 20, f"{CONTAINERS} containers")
        return _measure(agent)
    finally:
        agent.child.stop()


def _measure(agent):
    _, first = _scrape(agent)
    cpu, begin = agent.cpu_seconds(), time.monotonic()
    seconds = []
    while time.monotonic() < begin + MEASURED_SECONDS:
        time.sleep(SCRAPE_EVERY)
        took, text = _scrape(agent)
        seconds.append(took)
    elapsed = time.monotonic() - begin
    cpu = agent.cpu_seconds() - cpu
    before, last = Metrics(first), Metrics(text)
    series = sum(1 for line in text.splitlines() if not line.startswith("#"))
    flowed = last.value("troupe_events_total") - before.value("troupe_events_total")
    return [Figure("scrape", "s", seconds, 0.25),
            Figure("  the slowest", "s", [max(seconds)], 0.25),
            Figure("  series", "", [series], 100_000, at_least=True),
            Figure("  events that flowed meanwhile", "thousand/s", [flowed / elapsed / 1e3]),
            Figure("  CPU of the agent", "cores", [cpu / elapsed],
                   note="reading the recording included"),
            Figure("  events lost", "", [last.value("troupe_events_lost_total")], 0),
            Figure("  containers served from an older snapshot", "",
                   [last.value("troupe_stale_containers")], 0)]


def _scrape(agent):
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=10)
    begin = time.monotonic()
    connection.request("GET", "/metrics")
    body = connection.getresponse().read()
    took = time.monotonic() - begin
    connection.close()
    return took, body.decode()
