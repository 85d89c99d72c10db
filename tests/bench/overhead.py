# SPDX-License-Identifier: Apache-2.0
"""How much slower a program in a container is while the agent runs."""

from tests.bench.figures import Figure
from tests.bench.scratch_cgroup import ScratchContainer
from tests.e2e.harness.processes import run
from tests.e2e.harness.troupe_agent import Agent

ROUNDS = 7


def agent_without_runtimes(logs):
    """What the agent costs must not depend on the runtimes of this machine."""
    return Agent(logs, docker_socket=None, containerd_socket=None)


def measure_overhead(folder, program, operations, what, budget, pairs):
    container = ScratchContainer()
    try:
        return _measure(folder, container.command(program, ROUNDS, operations), what, budget,
                        pairs)
    finally:
        container.remove()


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
