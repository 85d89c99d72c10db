# SPDX-License-Identifier: Apache-2.0
"""What each BPF program costs a run, by the kernel's own count, and what loading them costs."""

import json

from tests.bench.figures import Figure
from tests.bench.setting import bench_program
from tests.e2e.harness.processes import run

REPEATS = 5


def measure(setting):
    reports = [json.loads(run([bench_program("bpf/bench_programs"), "--json"], seconds=300).stdout)
               for _ in range(setting.repeats(REPEATS))]
    figures = [Figure(f"{program['feature']}/{program['program']}", "ns", samples,
                      note=f"{program['verified_instructions']} instructions verified")
               for program, samples in _runs(reports)]
    figures += [Figure(f"load {name}", "ms", samples) for name, samples in _loads(reports)]
    figures.append(Figure("load all objects, a part of start to ready", "ms",
                          [sum(x["load_ms"] for x in report["objects"]) for report in reports]))
    return figures


def _runs(reports):
    """(program, nanoseconds in each report) of those that ran in every one."""
    for number, program in enumerate(reports[0]["programs"]):
        samples = [report["programs"][number]["ns_per_run"] for report in reports]
        if None not in samples:
            yield program, samples


def _loads(reports):
    for number, feature in enumerate(reports[0]["objects"]):
        name = " ".join(part for part in (feature["feature"], feature["hook"]) if part)
        yield name, [report["objects"][number]["load_ms"] for report in reports]
