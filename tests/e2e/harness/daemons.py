# SPDX-License-Identifier: Apache-2.0
"""containerd and dockerd from Debian's packages, with state and sockets of their own."""

import json

from tests.e2e.harness.processes import Child, run
from tests.e2e.harness.waiting import wait_until

# The client of Debian's docker.io; another one may come first in PATH.
DOCKER = "/usr/bin/docker"
START_SECONDS = 30

CONTAINERD_CONFIG = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [
  "io.containerd.grpc.v1.cri",
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "{socket}"
"""


class Containerd:
    """Several may run beside each other, each with a name of its own."""

    def __init__(self, sandbox, name="containerd"):
        self.sandbox = sandbox
        self.name = name
        self.folder = sandbox.folder / name
        self.folder.mkdir()
        self.socket = sandbox.folder / f"{name}.sock"
        self.config = self.folder / "config.toml"
        self.config.write_text(CONTAINERD_CONFIG.format(folder=self.folder, socket=self.socket))
        self.child = None

    def start(self):
        self.child = Child(self.name, self.sandbox.inside(["containerd", "-c", self.config]),
                           self.sandbox.logs, env=self.environment(), continue_log=True)
        wait_until(self._answers, START_SECONDS, "containerd to answer")

    def environment(self):
        """None: ours."""
        return None

    def kill(self):
        self.child.kill()

    def ctr(self, *arguments, check=True):
        return run(self._ctr_command(*arguments), check=check)

    def _answers(self):
        self.child.check_running()
        return self.ctr("version", check=False).returncode == 0

    def _ctr_command(self, *arguments):
        return self.sandbox.inside(["ctr", "-a", self.socket, *arguments])


class Dockerd:
    def __init__(self, sandbox, containerd):
        self.sandbox = sandbox
        self.containerd = containerd
        self.folder = sandbox.folder / "dockerd"
        self.folder.mkdir()
        self.socket = sandbox.folder / "docker.sock"
        self.config = self.folder / "daemon.json"
        self.config.write_text(json.dumps({"live-restore": True}))
        self.child = None

    def start(self):
        command = ["dockerd", "--config-file", self.config,
                   "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
                   "--pidfile", self.folder / "dockerd.pid", "-H", f"unix://{self.socket}",
                   "--containerd", self.containerd.socket,
                   "--exec-opt", "native.cgroupdriver=cgroupfs"]
        self.child = Child("dockerd", self.sandbox.inside(command), self.sandbox.logs,
                           continue_log=True)
        wait_until(self._answers, START_SECONDS, "dockerd to answer")

    def kill(self):
        self.child.kill()

    def docker(self, *arguments, check=True, seconds=60):
        return run([DOCKER, "-H", f"unix://{self.socket}", *arguments], check=check,
                   seconds=seconds)

    def run_detached(self, name, *arguments):
        """docker run -d; returns the container's full id."""
        return self.docker("run", "-d", "--name", name, *arguments).stdout.strip()

    def inspect(self, name):
        return json.loads(self.docker("inspect", name).stdout)[0]

    def address(self, name):
        """The container's address on the bridge."""
        return self.inspect(name)["NetworkSettings"]["IPAddress"]

    def remove(self, *names):
        self.docker("rm", "-f", *names)

    def logs(self, name):
        return self.docker("logs", name).stdout

    def _answers(self):
        self.child.check_running()
        return self.docker("version", check=False).returncode == 0
