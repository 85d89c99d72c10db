# SPDX-License-Identifier: Apache-2.0
"""Cgroups that look like docker's, so that the agent takes what runs in them for containers."""

import os
import pathlib
import secrets

from tests.e2e.harness.waiting import wait_until

CGROUP_ROOT = pathlib.Path("/sys/fs/cgroup")
# The hierarchies in which the agent may look for containers; others are left alone.
HIERARCHIES = ("", "unified", "memory", "pids")


class ScratchContainer:
    """docker/<64 hex digits> in each hierarchy; nobody started it, and no runtime knows it."""

    def __init__(self):
        name = secrets.token_hex(32)
        roots = [CGROUP_ROOT / hierarchy for hierarchy in HIERARCHIES]
        self.folders = [root / "docker" / name for root in roots
                        if (root / "cgroup.procs").exists()]
        for folder in self.folders:
            folder.mkdir(parents=True)

    def command(self, *command):
        """The command as it runs in the container: the shell moves itself before it becomes it."""
        moves = "".join(f"echo $$ > {folder}/cgroup.procs; " for folder in self.folders)
        return ["sh", "-ec", f'{moves}exec "$@"', "sh", *command]

    def remove(self):
        for folder in self.folders:
            wait_until(lambda folder=folder: _removed(folder), 5, f"{folder} to be empty")
            _removed(folder.parent)  # Stays where docker has containers of its own.


def _removed(folder):
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
