# SPDX-License-Identifier: Apache-2.0
"""Real servers and clients in containers: this machine's programs, with their libraries."""

from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.waiting import wait_until

WORK = "/work"
PYTHON = "/usr/bin/python3"
_LIBRARIES = ("-v", "/usr:/usr:ro", "-v", "/usr/lib:/lib:ro", "-v", "/usr/lib64:/lib64:ro")


class HostPrograms:
    """A container that sees /usr of this machine, and `folder` as /work.

    It sees `packages` under their own paths: folders that the harness' packages made. `options` are
    further ones of docker run.
    """

    def __init__(self, case, name, folder, packages=(), options=()):
        self.dockerd = case.dockerd
        self.name = name
        self.container_id = f"/docker/{name}"
        etc = folder / "etc"
        etc.mkdir(exist_ok=True)
        # Some servers refuse to run as root.
        (etc / "passwd").write_text("root:x:0:0:root:/:/bin/sh\n"
                                    "nobody:x:65534:65534:nobody:/:/bin/sh\n")
        (etc / "group").write_text("root:x:0:\nnogroup:x:65534:\n")
        mounts = [part for path in packages for part in ("-v", f"{path}:{path}:ro")]
        case.run_server(name, *options, *_LIBRARIES, *mounts, "-v", f"{folder}:{WORK}", "-v",
                        f"{etc / 'passwd'}:/etc/passwd", "-v", f"{etc / 'group'}:/etc/group", IMAGE,
                        "/bin/sleep", "1000000")
        self.address = self.dockerd.address(name)

    def run(self, *command, seconds=60):
        """A process of the container, to its end; returns its stdout."""
        return self.dockerd.docker("exec", self.name, *command, seconds=seconds).stdout

    def start(self, *command):
        """A process of the container that goes on."""
        self.dockerd.docker("exec", "-d", self.name, *command)

    def wait_for_port(self, port, seconds=20):
        """Until somebody listens there. Nobody connects: that would be seen."""
        wanted = f":{port:04X}"

        def listens():
            for table in ("/proc/net/tcp", "/proc/net/tcp6"):
                for line in self.run("/bin/cat", table).splitlines()[1:]:
                    local, state = line.split()[1], line.split()[3]
                    if local.endswith(wanted) and state == "0A":
                        return True
            return False

        wait_until(listens, seconds, f"{self.name} to listen on port {port}")
