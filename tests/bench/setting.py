# SPDX-License-Identifier: Apache-2.0
"""What every theme is given, and the programs that measure."""

import dataclasses
import os
import pathlib

from tests.e2e.harness.processes import run


@dataclasses.dataclass
class Setting:
    folder: pathlib.Path  # for whatever is made on the way
    quick: bool

    def repeats(self, usual):
        """At least three: with fewer nothing can be said of the spread."""
        return max(3, usual // 2) if self.quick else usual


def bench_program(path):
    """One of the programs that are built beside the tests."""
    build = os.environ.get("TROUPE_TESTS", "")
    program = pathlib.Path(build, path)
    if not build or not os.access(program, os.X_OK):
        raise AssertionError(f"TROUPE_TESTS={build}: no {path} in it; ./dev bench builds it")
    return program


def make_recording(setting, name, **options):
    """Of the generator's options; made once, and in the page cache from then on."""
    path = setting.folder / f"{name}.recording"
    if not path.exists():
        flags = [part for key, value in options.items() for part in (f"--{key}", value)]
        run([bench_program("recorder/troupe_generate_recording"), "-o", path, *flags], seconds=300)
    return path
