# SPDX-License-Identifier: Apache-2.0
"""From exec to /readyz, and what the idle agent holds, beside 100 containers."""

import time

from tests.bench.figures import Figure
from tests.bench.overhead import agent_without_runtimes
from tests.bench.scratch_cgroup import ScratchContainer
from tests.e2e.harness.memory import bpf_map_bytes, resident_bytes
from tests.e2e.harness.processes import Child

CONTAINERS = 100
STARTS = 7
SCRAPES = 20


def measure(setting):
    folder = setting.folder
    containers = [ScratchContainer() for _ in range(CONTAINERS)]
    processes = []
    try:
        for number, container in enumerate(containers):
            processes.append(Child(f"idle-{number}", container.command("sleep", "infinity"),
                                   folder))
        return _measure(folder, setting.repeats(STARTS))
    finally:
        for process in processes:
            process.kill()
        for container in containers:
            container.remove()


def _measure(folder, starts):
    seconds, resident, maps = [], [], []
    for _ in range(starts):
        begin = time.monotonic()
        agent = agent_without_runtimes(folder).start()
        seconds.append(time.monotonic() - begin)
        for _ in range(SCRAPES):
            agent.scrape_text()
        resident.append(resident_bytes(agent.child.pid) / 1e6)
        maps.append(bpf_map_bytes(agent.child.pid) / 1e6)
        agent.terminate()
    total = [a + b for a, b in zip(resident, maps)]
    return [Figure(f"start to ready, {CONTAINERS} bare cgroups", "s", seconds, 0.5),
            Figure(f"idle agent, {CONTAINERS} bare cgroups", "MB", total, 30,
                   note="BPF maps included"),
            Figure("  resident", "MB", resident), Figure("  BPF maps", "MB", maps)]
