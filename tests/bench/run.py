# SPDX-License-Identifier: Apache-2.0
"""What the agent costs: ratios of paired runs, its memory, its start. ./dev bench calls it.

    TROUPE=/path/to/troupe python3 tests/bench/run.py [--pairs N] [--output FILE]

A pair is three runs in a row, agent off, on, off: on against the mean of the two offs is the
ratio, off against off is the noise of this machine at that time. Figures are medians over the
pairs with their quartiles. It needs root and makes no verdict: it exits with 0 also when a figure
is over its budget, and says so.
"""

import argparse
import json
import os
import pathlib
import platform
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests.bench.figures import table  # noqa: E402
from tests.bench.overhead import measure_overhead  # noqa: E402
from tests.bench.start_and_memory import measure_start_and_memory  # noqa: E402
from tests.e2e.harness.images import compile_programs  # noqa: E402
from tests.e2e.harness.processes import adopt_orphans, kill_descendants  # noqa: E402
from tests.e2e.harness.sandbox import require_programs, require_root  # noqa: E402
from tests.e2e.harness.troupe_agent import troupe_path  # noqa: E402

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures what the agent costs.")
    parser.add_argument("--pairs", type=int, default=9, help="pairs of runs (at least 7)")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/bench.json"),
                        help="where the figures go as JSON")
    arguments = parser.parse_args()
    if arguments.pairs < 7:
        parser.error("--pairs: fewer than 7 pairs say nothing")
    return arguments


def measure(pairs, folder):
    compile_programs(PROGRAMS, folder)
    figures = []
    for program, operations, what, budget in (
            ("write_null", 1_500_000, "write(/dev/null), agent on / off", 1.02),
            ("ping_pong", 25_000, "TCP ping-pong of 64 bytes, agent on / off", 1.10)):
        figures += measure_overhead(folder, folder / program, operations, what, budget, pairs)
    return figures + measure_start_and_memory(folder)


def write_json(path, figures):
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"kernel": platform.release(), "cpus": os.cpu_count(),
               "load_1min": os.getloadavg()[0]}
    path.write_text(json.dumps({"machine": machine, "binary": str(troupe_path()),
                                "figures": [figure.as_json() for figure in figures]}, indent=2)
                    + "\n")


def main():
    arguments = parse_arguments()
    require_root()
    require_programs("gcc", "setpriv")
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="troupe-bench-") as folder:
        try:
            figures = measure(arguments.pairs, pathlib.Path(folder))
        finally:
            kill_descendants()
    print(table(figures))
    write_json(arguments.output, figures)
    print(f"\nwritten to {arguments.output}")


if __name__ == "__main__":
    main()
