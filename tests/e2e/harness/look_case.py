# SPDX-License-Identifier: Apache-2.0
"""The base of the tests of `troupe map` and `troupe top l7`: nginx in one container, clients in
others, and a command that looks at them."""

import os
import pathlib
import random
import shutil
import signal
import tempfile

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.host_programs import PYTHON, WORK, HostPrograms
from tests.e2e.harness.images import PROGRAMS
from tests.e2e.harness.nginx import nginx_configuration
from tests.e2e.harness.processes import Child
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.troupe_agent import (END_SECONDS, clean_environment, runtime_sockets,
                                            troupe_path)
from tests.e2e.harness.waiting import wait_until

PORT = 8080
READY_SECONDS = 30
# A machine that is busy with other tests may not let the command run for a while.
RING = ("--ring-bytes", "16MiB", "--pending-bytes-max", "64MiB")


class LookTestCase(RuntimeTestCase):
    PROGRAMS = ("http_requests.py",)

    @classmethod
    def setUpClass(cls):
        require_programs("nginx")
        super().setUpClass()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="look-", dir=self.sandbox.folder))
        (self.folder / "files").mkdir()
        (self.folder / "files" / "small").write_text("small\n")
        (self.folder / "nginx.conf").write_text(nginx_configuration(PORT))
        for program in self.PROGRAMS:
            shutil.copy(PROGRAMS / program, self.folder)
        self.web = self.start_container("web")
        self.shop = self.start_container("shop")
        self.web.start("/usr/sbin/nginx", "-c", f"{WORK}/nginx.conf", "-p", "/tmp")
        self.web.wait_for_port(PORT)
        self.address = f"{self.web.address}:{PORT}"

    def start_container(self, role):
        """Its name is this sandbox's: commands see all containers of the machine."""
        return HostPrograms(self, f"{role}-{self.sandbox.folder.name}", self.folder)

    def own_network(self, *containers):
        """Puts them into a network whose addresses no other test has, and returns the first one's
        there: what does nothing is known by its address alone."""
        name = f"net-{self.folder.name}"
        subnet = f"10.{100 + os.getpid() % 100}.{random.randrange(256)}.0/24"
        self.dockerd.docker("network", "create", "--subnet", subnet, name)
        self.addCleanup(self.dockerd.docker, "network", "rm", name, check=False)
        for container in containers:
            self.dockerd.docker("network", "connect", name, container.name)
            self.addCleanup(self.dockerd.docker, "network", "disconnect", "-f", name,
                            container.name, check=False)
        return self.dockerd.docker("inspect", "-f",
                                   f'{{{{(index .NetworkSettings.Networks "{name}").IPAddress}}}}',
                                   containers[0].name).stdout.strip()

    def request(self, count, path, client=None, address=None):
        """So many requests on one connection."""
        (client or self.shop).run(PYTHON, f"{WORK}/http_requests.py", address or self.web.address,
                                  PORT, "keep_alive", count, path)

    def look(self, *command, containers=()):
        """The command, as soon as it says that it looks; it narrows to these containers. What
        only other tests' runtimes know may be lost to it."""
        scope = [x for container in containers for x in ("-c", container.name)]
        child = Child("look", [troupe_path(), *command, *scope, *RING, "--allow-loss",
                               *runtime_sockets(self.dockerd.socket, self.containerd.socket)],
                      self.sandbox.logs, env=clean_environment())
        self.addCleanup(child.stop)
        wait_until(lambda: "looking at" in child.stderr() or not child.running(), READY_SECONDS,
                   lambda: f"{command} to look: {child.stderr()}")
        self.assertIn(f"looking at {len(containers)} container", child.stderr())
        return child

    def interrupt(self, child):
        """Ctrl-C; returns what was printed."""
        child.send(signal.SIGINT)
        self.assertEqual(child.wait(END_SECONDS + 3), 0, child.stderr())
        return child.stdout()
