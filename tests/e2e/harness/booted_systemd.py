# SPDX-License-Identifier: Apache-2.0
"""A systemd that runs as the first process of namespaces of its own, with units of the test."""

import pathlib
import subprocess

from tests.e2e.harness.processes import Child
from tests.e2e.harness.waiting import wait_until

CGROUP = "troupe-systemd"

# systemd takes /run/systemd/system for its units, and its cgroup namespace's root for its own. The
# unified hierarchy is mounted where it looks for one; controllers it needs none.
BOOT = """
mount --make-rprivate /
mount -t tmpfs -o mode=755 none /run
mount -t proc proc /proc
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd/system /run/systemd/machines
cp "$0"/* /run/systemd/system/
export container=troupe-test SYSTEMD_UNIT_PATH=/run/systemd/system
exec /lib/systemd/systemd --system --unit=boot.target --log-target=console --show-status=no
"""

BOOT_TARGET = """
[Unit]
Description=Units of the test
DefaultDependencies=no
AllowIsolate=yes
Wants={wants}
"""


def unified_hierarchy():
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, folder, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(folder)
    raise AssertionError("no unified cgroup hierarchy is mounted")


class BootedSystemd:
    """`units` are texts by name; those named in `wants` are started."""

    def __init__(self, logs, folder, units, wants):
        self.cgroup = unified_hierarchy() / CGROUP
        self.cgroup.mkdir(exist_ok=True)
        source = folder / "units"
        source.mkdir()
        for name, text in units.items():
            (source / name).write_text(f"[Unit]\nDefaultDependencies=no\n{text}")
        (source / "boot.target").write_text(BOOT_TARGET.format(wants=" ".join(wants)))
        enter = f'echo $$ >{self.cgroup}/cgroup.procs && exec "$@"'
        self.child = Child("systemd", ["sh", "-ec", enter, "sh", "unshare", "--mount", "--pid",
                                       "--cgroup", "--ipc", "--uts", "--fork", "--kill-child",
                                       "sh", "-ec", BOOT, source], logs)
        self.pid = wait_until(self._first_process, 10, "systemd's process")
        wait_until(lambda: self.child.check_running() or self._is_up(), 20, "systemd to be up")

    def _first_process(self):
        """The child of unshare; its pid stays the same when it becomes systemd."""
        self.child.check_running()
        children = pathlib.Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children")
        return int((children.read_text().split() or ["0"])[0])

    def _is_up(self):
        return self.systemctl("is-active", "boot.target", check=False).stdout.strip() == "active"

    def inside(self, *command):
        """The command as it runs in systemd's namespaces, but for the network's."""
        return ["nsenter", "-t", str(self.pid), "-m", "-p", "-C", *map(str, command)]

    def systemctl(self, *arguments, check=True):
        return subprocess.run(self.inside("systemctl", *arguments), check=check, timeout=30,
                              capture_output=True, text=True)

    def show(self, unit, *properties):
        """Some of the unit's properties."""
        lines = self.systemctl("show", unit, "--property", ",".join(properties)).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def end(self):
        self.child.kill()  # The kernel kills all of the pid namespace with its first process.
        wait_until(self._removed, 10, f"{self.cgroup} to be removed")

    def _removed(self):
        folders = sorted((path for path in self.cgroup.glob("**/") if path.is_dir()), reverse=True)
        for path in folders:
            try:
                path.rmdir()
            except OSError:
                return False
        return True
