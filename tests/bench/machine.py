# SPDX-License-Identifier: Apache-2.0
"""Where and of what the figures are."""

import os
import pathlib
import platform
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def facts():
    return {"cpu": cpu_model(), "cpus": os.cpu_count(), "kernel": platform.release(),
            "memory_mb": memory_mb(), "load_1min": os.getloadavg()[0], "commit": commit()}


def text_of(x):
    return (f"{x['cpus']} x {x['cpu']}, {x['memory_mb']} MB, kernel {x['kernel']}, commit "
            f"{x['commit']}, load {x['load_1min']:.2f} before it began")


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_mb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000


def commit():
    """With a + where the tree differs from it; "unknown" outside a repository."""
    done = subprocess.run(["git", "-C", REPOSITORY, "describe", "--always", "--dirty=+",
                           "--exclude=*"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
