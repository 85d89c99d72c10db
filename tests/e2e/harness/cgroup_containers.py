# SPDX-License-Identifier: Apache-2.0
"""Containers without a runtime: a cgroup where docker would make it, and real processes in it."""

import contextlib
import os
import pathlib
import secrets
import subprocess

from tests.e2e.harness.waiting import wait_until

# The shell becomes the command, in the cgroup: the command's exec is the only one that happens
# there.
ENTER = ("sh", "-c", 'echo $$ >"$0" && exec "$@"')


def hierarchy():
    """Where the agent looks for containers: the v1 memory controller's, else the unified one."""
    unified = None
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, folder, kind, options, *_ = line.split()
        if kind == "cgroup" and "memory" in options.split(","):
            return pathlib.Path(folder)
        if kind == "cgroup2" and unified is None:
            unified = pathlib.Path(folder)
    if unified is None:
        raise AssertionError("no cgroup hierarchy is mounted")
    return unified


class CgroupContainer:
    """One cgroup /docker/<64 hex digits>."""

    def __init__(self, parent=None):
        self.id = secrets.token_hex(32)
        self.path = (parent or hierarchy() / "docker") / self.id
        self.path.mkdir(parents=True)
        self.children = []

    def start(self, *command, **popen):
        """A process in the cgroup; the caller waits for it, or end() kills it."""
        command = [*ENTER, str(self.path / "cgroup.procs"), *map(str, command)]
        child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command],
                                 stdin=subprocess.DEVNULL, **popen)
        self.children.append(child)
        return child

    def pids(self):
        return {int(pid) for pid in (self.path / "cgroup.procs").read_text().split()}

    def end(self):
        """Kills what is in it and removes it."""
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait(10)

        def removed():
            try:
                self.path.rmdir()
            except FileNotFoundError:
                return True
            except OSError:  # A process is on its way out of it, or an orphan is in it.
                for pid in self.pids():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, 9)
                return False
            return True

        wait_until(removed, 10, f"{self.path} to be removed")


def remove_parent():
    """/docker itself, where nobody else has anything in it."""
    with contextlib.suppress(OSError):
        (hierarchy() / "docker").rmdir()
