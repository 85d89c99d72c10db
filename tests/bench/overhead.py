# SPDX-License-Identifier: Apache-2.0
"""How much slower a program in a container is while the agent runs.

A pair is three runs in a row, agent off, on, off: on against the mean of the two offs is the
ratio, off against off is the noise of this machine at that time.
"""

from tests.bench.figures import Figure
from tests.bench.scratch_cgroup import ScratchContainer
from tests.e2e.harness.processes import run
from tests.e2e.harness.troupe_agent import Agent

ROUNDS = 7
PAIRS = 9
WORK = (("write_null", 1_500_000, "write(/dev/null), agent on / off", 1.02),
        ("ping_pong", 25_000, "TCP ping-pong of 64 bytes, agent on / off", 1.10))


def agent_without_runtimes(logs):
    """What the agent costs must not depend on the runtimes of this machine."""
    return Agent(logs, docker_socket=None, containerd_socket=None)


def measure(setting):
    figures = []
    for program, operations, what, budget in WORK:
        container = ScratchContainer()
        try:
            figures += _measure(setting.folder,
                                container.command(setting.folder / program, ROUNDS, operations),
                                what, budget, max(7, setting.repeats(PAIRS)))
        finally:
            container.remove()
    return figures


def _measure(folder, command, what, budget, pairs):
    _nanoseconds(command)  # Warms caches and clocks.
    ratios, noise, off_ns, on_ns = [], [], [], []
    for _ in range(pairs):
        first = _nanoseconds(command)
        agent = agent_without_runtimes(folder).start()
        watched = _nanoseconds(command)
        agent.terminate()
        second = _nanoseconds(command)
        off_ns += [first, second]
        on_ns.append(watched)
        ratios.append(watched / ((first + second) / 2))
        noise.append(second / first)
    return [Figure(what, "x", ratios, budget), Figure("  off / off (noise)", "x", noise),
            Figure("  off", "ns", off_ns), Figure("  on", "ns", on_ns)]


def _nanoseconds(command):
    """The fastest of the program's rounds: what else runs on the machine can only slow one down.

    A round is longer than the agent's drain interval, so that even the fastest pays for that.
    """
    return min(float(line) for line in run(command).stdout.split())
