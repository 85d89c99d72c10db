# SPDX-License-Identifier: Apache-2.0
"""podman from Debian's packages with storage, state and a service socket of its own."""

import contextlib
import json
import os
import pathlib

from tests.e2e.harness import images
from tests.e2e.harness.processes import Child, run
from tests.e2e.harness.sandbox import CGROUP_ROOT
from tests.e2e.harness.waiting import wait_until

START_SECONDS = 30
IMAGE = images.IMAGE

# No systemd is asked for a scope, no limit is raised, no journal is written to. A pod's infra
# container needs a program that does nothing: ours is in the image.
CONFIG = """\
[containers]
default_ulimits = []

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
tmp_dir = "{folder}/tmp"
static_dir = "{folder}/root/libpod"
volume_path = "{folder}/root/volumes"

[network]
network_config_dir = "{folder}/networks"
"""


class Podman:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.folder = sandbox.folder / "podman"
        self.folder.mkdir()
        self.socket = sandbox.folder / "podman.sock"
        config = self.folder / "containers.conf"
        config.write_text(CONFIG.format(folder=self.folder))
        storage = self.folder / "storage.conf"
        storage.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{self.folder}/root"\n'
                           f'runroot = "{self.folder}/run"\n')
        self.env = os.environ | {"CONTAINERS_CONF": str(config),
                                 "CONTAINERS_STORAGE_CONF": str(storage),
                                 "CONTAINERS_REGISTRIES_CONF": "/dev/null"}
        self.child = None
        self._cgroups = set()

    def load_image(self):
        archive = self.folder / "rootfs.tar"
        archive.write_bytes(images.root_filesystem())
        self.podman("import", archive, IMAGE)

    def start(self):
        """The service; containers live without it."""
        self.child = Child("podman", self._command("system", "service", "-t", "0",
                                                   f"unix://{self.socket}"),
                           self.sandbox.logs, env=self.env, continue_log=True)
        wait_until(self._answers, START_SECONDS, "podman's service to answer")

    def kill(self):
        """As a crash: the socket's file stays."""
        self.child.kill()

    def stop(self):
        self.child.kill()
        self.socket.unlink(missing_ok=True)

    def podman(self, *arguments, check=True):
        return run(self._command(*arguments), check=check, env=self.env)

    def run_detached(self, name, *arguments):
        """podman run -d in the sandbox's network; returns the container's full id."""
        return self.podman("run", "-d", "--name", name, "--network", "host",
                           *arguments).stdout.strip()

    def create_pod(self, name):
        """A pod in the sandbox's network; returns its full id."""
        return self.podman("pod", "create", "--name", name, "--network", "host", "--infra-image",
                           IMAGE, "--infra-command", "/bin/sleep 100000").stdout.strip()

    def run_in_pod(self, pod, name, *arguments):
        return self.podman("run", "-d", "--pod", pod, "--name", name, *arguments).stdout.strip()

    def inspect(self, name):
        return json.loads(self.podman("inspect", name).stdout)[0]

    def logs(self, name):
        return self.podman("logs", name).stdout

    def remove_all(self):
        for listed in json.loads(self.podman("ps", "-a", "--format", "json").stdout or "[]"):
            self._cgroups |= {listed["Id"], listed["Pod"]} - {""}
        self.podman("pod", "rm", "-f", "-t", "0", "-a", check=False)
        self.podman("rm", "-f", "-t", "0", "-a", check=False)

    def remove_cgroups(self):
        """Those of our containers and pods that podman left; nobody else's."""
        for hierarchy in (CGROUP_ROOT, *CGROUP_ROOT.iterdir()):
            parent = hierarchy / "libpod_parent"
            for folder in _below(parent):
                if any(name in str(folder) for name in self._cgroups):
                    with contextlib.suppress(OSError):  # podman was faster.
                        folder.rmdir()
            for folder in (parent / "conmon", parent):
                with contextlib.suppress(OSError):  # Not there, or somebody else's podman uses it.
                    folder.rmdir()

    def _answers(self):
        self.child.check_running()
        return self.podman("--remote", "--url", f"unix://{self.socket}", "version",
                           check=False).returncode == 0

    def _command(self, *arguments):
        if arguments[0] == "--remote":
            return self.sandbox.inside(["podman", *arguments])
        return self.sandbox.inside(["podman", "--root", self.folder / "root", "--runroot",
                                    self.folder / "run", "--tmpdir", self.folder / "tmp",
                                    "--storage-driver", "vfs", *arguments])


def _below(top):
    """The folders below, children before parents."""
    return sorted((pathlib.Path(folder) for folder, _, _ in os.walk(top)), reverse=True)
