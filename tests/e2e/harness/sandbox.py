# SPDX-License-Identifier: Apache-2.0
"""A place of the test's own on this machine: a folder, a network namespace, a mount namespace."""

import contextlib
import os
import pathlib
import shutil
import tempfile

from tests.e2e.harness.processes import Child, adopt_orphans, kill_descendants
from tests.e2e.harness.waiting import wait_until

CGROUP_ROOT = pathlib.Path("/sys/fs/cgroup")
# The namespaces that the tests use in containerd: each is a cgroup.
CONTAINERD_NAMESPACES = ("ns1", "ns2")


class Sandbox:
    """Bridges, overlay mounts and shim sockets are made in here, and vanish with it."""

    def __init__(self):
        adopt_orphans()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-e2e-"))
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        # Shims keep their sockets below /run/containerd, wherever containerd has its state.
        script = ("ip link set lo up && mkdir -p /run/containerd && "
                  "mount -t tmpfs none /run/containerd && echo ready && exec sleep infinity")
        self.holder = Child("namespaces", ["unshare", "--net", "--mount", "sh", "-ec", script],
                            self.logs)
        wait_until(lambda: self.holder.check_running() or "ready" in self.holder.stdout(), 10,
                   "the namespaces")

    def inside(self, command):
        """The command as it runs in the sandbox's namespaces."""
        return ["nsenter", "-t", self.holder.pid, "-n", "-m", *command]

    def log_texts(self):
        """What everybody wrote, by file name."""
        return {path.name: path.read_text(errors="replace")
                for path in sorted(self.logs.iterdir())}

    def close(self):
        kill_descendants()
        for cgroup in self._cgroups():
            _remove_cgroup(cgroup)
        for hierarchy in CGROUP_ROOT.iterdir():
            with contextlib.suppress(OSError):  # Not there, or somebody else's docker uses it.
                (hierarchy / "docker").rmdir()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _cgroups(self):
        """Cgroups that our killed containers left, children before parents; nobody else's."""
        docker_ids = [path.name for path in self.folder.glob("dockerd/data/containers/*")]
        ours = [*(f"docker/{name}" for name in docker_ids), *CONTAINERD_NAMESPACES]
        for hierarchy in (CGROUP_ROOT, *CGROUP_ROOT.iterdir()):
            for name in ours:
                yield from sorted(_folders(hierarchy / name), reverse=True)


def remove_cgroups(top):
    """A cgroup and all below it; nothing where there is none."""
    for cgroup in sorted(_folders(top), reverse=True):
        _remove_cgroup(cgroup)


def _folders(top):
    return [pathlib.Path(folder) for folder, _, _ in os.walk(top)]


def _remove_cgroup(cgroup):
    """The kernel takes a killed process out of its cgroup a little after its parent's wait()."""

    def removed():
        try:
            cgroup.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    wait_until(removed, 5, f"{cgroup} to be empty")


def require_root():
    if os.geteuid() != 0:
        raise AssertionError("the end-to-end tests need root: they start dockerd and load BPF "
                             "programs; run them with sudo")


def require_programs(*names):
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise AssertionError(f"not found: {', '.join(missing)}; ./dev test installs them")
