# SPDX-License-Identifier: Apache-2.0
"""What the agent costs and what it can take. ./dev bench builds what is needed and calls it.

    TROUPE=/path/to/troupe TROUPE_TESTS=/path/to/build/tests python3 tests/bench/run.py
        [--only THEME]... [--quick] [--output FILE]

Figures are medians with their quartiles. It needs root and makes no verdict: it exits with 0 also
when a budget is missed, and says so.
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests.bench import (allocations, http_requests, machine, memory_by_containers,  # noqa: E402
                         overhead, program_costs, replay_speed, route_latency, scrape_under_load,
                         start_and_memory, start_with_docker)
from tests.bench.figures import Theme, table  # noqa: E402
from tests.bench.setting import Setting  # noqa: E402
from tests.e2e.harness.images import compile_programs  # noqa: E402
from tests.e2e.harness.processes import adopt_orphans, kill_descendants  # noqa: E402
from tests.e2e.harness.sandbox import require_programs, require_root  # noqa: E402
from tests.e2e.harness.troupe_agent import troupe_path  # noqa: E402

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
NEEDED = ("containerd", "dockerd", "gcc", "nginx", "nsenter", "setpriv", "taskset",
          "unshare", "wrk")
THEMES = {
    "overhead": ("What others feel, live", overhead),
    "http": ("HTTP requests, wrk on nginx, live", http_requests),
    "start": ("Start and idle, live", start_and_memory),
    "docker": ("Start beside dockerd, live", start_with_docker),
    "programs": ("BPF programs", program_costs),
    "latency": ("From the kernel's timestamp to the container's actor, live", route_latency),
    "replay": ("Replay", replay_speed),
    "allocations": ("Allocations", allocations),
    "memory": ("Resident memory, replayed and scraped", memory_by_containers),
    "scrape": ("Scrape while 500,000 events/s flow, replayed", scrape_under_load),
}


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures what the agent costs.")
    parser.add_argument("--only", action="append", choices=THEMES, metavar="THEME",
                        help=f"one of {', '.join(THEMES)}; may be given again")
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/bench.json"),
                        help="where the figures go as JSON")
    return parser.parse_args()


def measure(wanted, setting):
    for name in wanted:
        heading, module = THEMES[name]
        begin = time.monotonic()
        yield Theme(name, heading, module.measure(setting))
        print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr)


def as_json(facts, themes):
    return json.dumps({"machine": facts, "binary": str(troupe_path()),
                       "themes": [theme.as_json() for theme in themes]}, indent=2) + "\n"


def main():
    arguments = parse_arguments()
    require_root()
    require_programs(*NEEDED)
    adopt_orphans()
    facts = machine.facts()
    with tempfile.TemporaryDirectory(prefix="troupe-bench-") as folder:
        setting = Setting(pathlib.Path(folder), arguments.quick)
        try:
            compile_programs(PROGRAMS, setting.folder)
            themes = list(measure(arguments.only or THEMES, setting))
        finally:
            kill_descendants()
    print(f"{machine.text_of(facts)}\n\n{table(themes)}")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(as_json(facts, themes))
    print(f"\nwritten to {arguments.output}")


if __name__ == "__main__":
    main()
