# SPDX-License-Identifier: Apache-2.0
"""Test cases that need no runtime: cgroups as docker makes them, a simulated docker, real traffic
on the loopback address."""

import pathlib
import re
import shutil
import tempfile

from tests.e2e.harness import cgroup_containers
from tests.e2e.harness.case import LoggedTestCase
from tests.e2e.harness.cgroup_containers import CgroupContainer
from tests.e2e.harness.images import PROGRAMS, compile_programs
from tests.e2e.harness.processes import Child
from tests.e2e.harness.sandbox import require_programs, require_root
from tests.e2e.harness.simulated_docker import SimulatedDocker
from tests.e2e.harness.troupe_agent import Agent, Trace, free_port, troupe_path
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.workload import Orders

# Nothing is lost because the machine has other work.
LARGE_RING = ("--ring-bytes", "16MiB")
SIZE = 100  # bytes that a connection sends and gets


class Workplace:
    """A folder with logs and compiled programs."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-e2e-"))
        self.logs = self.folder / "logs"
        self.programs = self.folder / "programs"
        self.logs.mkdir()
        self.programs.mkdir()
        compile_programs(PROGRAMS, self.programs)

    def log_texts(self):
        return {path.name: path.read_text(errors="replace")
                for path in sorted(self.logs.iterdir())}

    def close(self):
        cgroup_containers.remove_parent()
        shutil.rmtree(self.folder, ignore_errors=True)


class BareTestCase(LoggedTestCase):
    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs("gcc", "setpriv")
        troupe_path()
        cls.sandbox = Workplace()
        cls.addClassCleanup(cls.sandbox.close)

    def setUp(self):
        self.docker = SimulatedDocker(self.sandbox.folder / f"{self._testMethodName}.sock")
        self.addCleanup(self.docker.close)
        self.server_port = free_port()
        server = Child("server", [self.sandbox.programs / "tcp_server", self.server_port, SIZE],
                       self.sandbox.logs)
        self.addCleanup(server.stop)
        wait_until(lambda: "listening" in server.stdout(), 10, "the server to listen")

    def runtimes(self):
        return {"docker_socket": self.docker.path,
                "containerd_socket": self.sandbox.folder / "absent.sock"}

    def start_agent(self, *options, env=None):
        if "--ring-bytes" not in options:
            options = (*LARGE_RING, *options)
        agent = Agent(self.sandbox.logs, options=("--services=false", *options), env=env,
                      **self.runtimes())
        self.addCleanup(lambda: agent.child and agent.child.stop())
        return agent.start()

    def start_trace(self, kind, *options):
        trace = Trace(self.sandbox.logs, kind, options=options, **self.runtimes())
        self.addCleanup(trace.child.stop)
        return trace

    def program(self, name):
        return self.sandbox.programs / name


class Client(Orders):
    """A container of the simulated docker that connects to the test's server when told to."""

    def __init__(self, case, name):
        super().__init__(case, name, case.sandbox.folder)
        self.case = case
        self.cgroup = CgroupContainer()
        case.addCleanup(self.cgroup.end)
        self.process = self.cgroup.start(case.program("ordered_client"), self.orders, self.answers)
        wait_until(lambda: self.process.pid in self.cgroup.pids(), 10, f"{name} to run")
        case.docker.add(self.cgroup.id, name, self.process.pid)
        self.container_id = f"/docker/{name}"

    def connect(self, times, seconds=60):
        self.order("connect", "127.0.0.1", self.case.server_port, times, SIZE, seconds=seconds)

    def connects(self, metrics):
        return metrics.value("container_net_tcp_successful_connects_total",
                             container_id=self.container_id)

    def wait_for(self, agent, connects, seconds=20):
        """Exactly so many connects, their bytes too, and none is open any more."""
        labels = {"container_id": self.container_id}

        def all_ended(metrics):
            return metrics.value("container_net_tcp_bytes_received_total", **labels) \
                >= connects * SIZE and \
                metrics.value("container_net_tcp_active_connections", **labels) == 0

        metrics = agent.wait_for(all_ended, seconds, f"{connects} connects of {self.name}")
        self.case.assertEqual(self.connects(metrics), connects)
        for family in ("bytes_received", "bytes_sent"):
            self.case.assertEqual(metrics.value(f"container_net_tcp_{family}_total", **labels),
                                  connects * SIZE)
        return metrics


def container_rows(agent):
    """The table of containers in /debug/actors: container id -> {column: text}."""
    lines = agent.get("/debug/actors?containers=all")[1].splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("KEY "))
    columns = re.split(r"  +", lines[begin].strip())
    rows = {}
    for line in lines[begin + 1:]:
        if not line.strip():
            break
        row = dict(zip(columns, re.split(r"  +", line.strip())))
        rows[row["CONTAINER"]] = row
    return rows
