# SPDX-License-Identifier: Apache-2.0
"""What a process holds in memory, the BPF maps that it has open included."""

import os
import pathlib


def resident_bytes(pid):
    """Without the mappings of BPF maps: bpf_map_bytes() has those (a ring is mapped twice)."""
    total, counts = 0, True
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        fields = line.split()
        if not fields[0].endswith(":"):
            counts = "anon_inode:bpf" not in line
        elif fields[0] == "Rss:" and counts:
            total += int(fields[1]) * 1024
    return total


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
