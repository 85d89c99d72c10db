# SPDX-License-Identifier: Apache-2.0
"""How much slower a program in a container is while the agent runs."""

from tests.bench.figures import Figure, median
from tests.bench.scratch_cgroup import ScratchContainer
from tests.e2e.harness.processes import run
from tests.e2e.harness.troupe_agent import Agent

ROUNDS = 7


def absent_runtimes_agent(logs):
    """An agent that finds no runtime: what it costs must not depend on one."""
    return Agent(logs, docker_socket=logs / "absent.sock", containerd_socket=logs / "absent.sock")


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
        agent = absent_runtimes_agent(folder).start()
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
    """The median of the program's rounds: one disturbed round does not count."""
    return median([float(line) for line in run(command).stdout.split()])
