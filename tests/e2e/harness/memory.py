# SPDX-License-Identifier: Apache-2.0
"""What a process holds in memory, the BPF maps that it has open included."""

import os
import pathlib


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"/proc/{pid}/status has no VmRSS")


def bpf_map_bytes(pid):
    """Sum of what the kernel says each map costs; a map may be open more than once."""
    costs = {}
    folder = pathlib.Path(f"/proc/{pid}/fdinfo")
    for entry in os.listdir(folder):
        try:
            fields = dict(line.split(":", 1) for line in (folder / entry).read_text().splitlines()
                          if ":" in line)
        except FileNotFoundError:
            continue  # Closed since it was listed.
        if "map_id" in fields and "memlock" in fields:
            costs[fields["map_id"].strip()] = int(fields["memlock"])
    return sum(costs.values())
