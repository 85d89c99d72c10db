# SPDX-License-Identifier: Apache-2.0
"""How often memory is taken from the heap for an event."""

import json
import pathlib
import struct

from tests.bench.figures import Figure
from tests.bench.setting import bench_program, make_recording
from tests.e2e.harness.processes import run
from tests.e2e.harness.troupe_agent import clean_environment, troupe_path

PRELOAD = pathlib.Path(__file__).resolve().parent / "preload" / "count_allocations.c"
REPEATS = 5
RECORDS = (1_000_000, 3_000_000)
CONTAINERS = 100


def measure(setting):
    library = setting.folder / "count_allocations.so"
    run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra",
         "-Werror", "-o", library, PRELOAD])
    short, long = (make_recording(setting, f"connections-{records}", containers=CONTAINERS,
                                  records=records) for records in RECORDS)
    slopes = []
    for _ in range(setting.repeats(REPEATS)):
        few, many = (_replay(setting, library, recording) for recording in (short, long))
        slopes.append((many.calls - few.calls) / (many.records - few.records))
    path = json.loads(run([bench_program("bench/bench_event_path"), long]).stdout)
    return [Figure("router and containers, no actors, steady", "/event",
                   [path["allocations_per_event"]]),
            Figure("whole replay", "/event", slopes)]


class _replay:
    def __init__(self, setting, library, recording):
        counter = setting.folder / "allocations"
        counter.write_bytes(bytes(8))
        done = run([troupe_path(), "replay", recording, "-o", "json"], seconds=300,
                   env=clean_environment() | {"LD_PRELOAD": library, "ALLOCATIONS": counter})
        self.calls = struct.unpack("=Q", counter.read_bytes())[0]
        self.records = json.loads(done.stdout)["records"]
