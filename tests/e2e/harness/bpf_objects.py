# SPDX-License-Identifier: Apache-2.0
"""The kernel's BPF objects, as (kind, id), and who has them open."""

import contextlib
import json
import pathlib

from tests.e2e.harness.processes import run
from tests.e2e.harness.waiting import wait_until

KINDS = ("prog", "map", "link")


def existing():
    return {(kind, entry["id"]) for kind in KINDS for entry in _listed(kind)}


def owned_by(pid):
    """What the process holds file descriptors of; a link's program, too."""
    found = set()
    with contextlib.suppress(OSError):  # It ended.
        for entry in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
            with contextlib.suppress(OSError):  # Closed since it was listed.
                for line in entry.read_text().splitlines():
                    name, _, value = line.partition(":")
                    if name in ("prog_id", "map_id", "link_id"):
                        found.add((name.removesuffix("_id"), int(value)))
    return found


def unowned():
    """Those that no process has open: pinned, or kept alive by something in the kernel."""
    there = existing()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            there -= owned_by(entry.name)
    return there


def _listed(kind):
    """bpftool gives up where an object goes away while it lists them."""
    text = ""

    def listed():
        nonlocal text
        done = run(["bpftool", "-j", kind, "show"], check=False)
        text = done.stdout
        return done.returncode == 0

    wait_until(listed, 10, lambda: f"bpftool {kind} show: {text}")
    return json.loads(text or "[]")
