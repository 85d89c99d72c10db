# SPDX-License-Identifier: Apache-2.0
"""What L7 costs: wrk against nginx, both in containers, on as many cores as there are.

Both ends of every request are observed, so a request is five sends and receives: the client's two,
and of the server its receive, the head and the file.
"""

import pathlib
import re

from tests.bench.figures import Figure
from tests.bench.scratch_cgroup import ScratchContainer
from tests.e2e.harness.processes import Child, run
from tests.e2e.harness.troupe_agent import Agent
from tests.e2e.harness.waiting import DeadlineExceeded, wait_until

PAIRS = 9
SECONDS = 4
CONNECTIONS = 32
PORT = 8099
STATS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
TICKS_A_SECOND = 100
SETTLE_SECONDS = 12  # Two ticks: live connections are read then.
# For an agent that is not let run as often as it has something to read.
ROOM = ("--ring-bytes", "16MiB", "--pending-bytes-max", "64MiB")
NGINX = """
user root;
daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
worker_processes auto;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


def measure(setting):
    with _Machine(setting.folder) as machine:
        machine.load()  # Warms caches and clocks.
        figures = _throughput(setting, machine)
        return figures + _cost(setting, machine)


class _Machine:
    """nginx and wrk in a container each."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "files").mkdir(exist_ok=True)
        (folder / "files" / "page").write_text("x" * 600)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=PORT))
        self.server, self.client = ScratchContainer(), ScratchContainer()

    def __enter__(self):
        self.nginx = Child("nginx", self.server.command("nginx", "-c", self.folder / "nginx.conf",
                                                        "-p", self.folder), self.folder)
        wait_until(lambda: (self.folder / "nginx.pid").exists(), 10, "nginx to start")
        return self

    def __exit__(self, *_):
        self.nginx.stop()
        self.server.remove()
        self.client.remove()

    def load(self, seconds=SECONDS):
        """(requests, requests a second) as wrk counts them."""
        said = run(self.client.command("wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s",
                                       f"http://127.0.0.1:{PORT}/page"),
                   seconds=seconds + 30).stdout
        if "Non-2xx" in said or "Socket errors" in said:
            raise AssertionError(said)
        return (int(re.search(r"(\d+) requests in", said)[1]),
                float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]))


def _agent(setting, *flags):
    return Agent(setting.folder, docker_socket=None, containerd_socket=None,
                 options=("--l7", *flags)).start()


def _throughput(setting, machine):
    """A pair is three runs in a row, agent off, on, off, as in overhead.py."""
    ratios, noise, off, on = [], [], [], []
    for _ in range(max(7, setting.repeats(PAIRS))):
        first = machine.load()[1]
        agent = _agent(setting)
        watched = machine.load()[1]
        agent.terminate()
        second = machine.load()[1]
        ratios.append(watched / ((first + second) / 2))
        noise.append(second / first)
        off += [first, second]
        on.append(watched)
    return [Figure("HTTP requests/s with L7, agent on / off", "x", ratios, 0.93, at_least=True),
            Figure("  off / off (noise)", "x", noise),
            Figure("  off", "requests/s", off), Figure("  on", "requests/s", on)]


def _cost(setting, machine):
    """Of one request: the kernel's time in our programs, and all CPU of the agent."""
    figures = []
    for what, budget, flags in (("a request, both ends", 2, ()),
                                ("a request, both ends, where each send is told", None,
                                 ("--l7-turns=false", *ROOM))):
        kernel, agent, wrong = [], [], []
        for _ in range(setting.repeats(5)):
            costs = _Costs(setting, machine, flags)
            kernel.append(costs.kernel_ns / costs.requests / 1e3)
            agent.append(costs.agent_ns / costs.requests / 1e3)
            wrong.append(costs.counted - costs.requests)
        figures += [Figure(f"CPU of {what}", "us", [a + b for a, b in zip(kernel, agent)], budget),
                    Figure("  BPF programs", "us", kernel), Figure("  agent", "us", agent),
                    Figure("  requests counted beyond wrk's own count", "requests", wrong)]
    return figures


class _Costs:
    def __init__(self, setting, machine, flags):
        agent = _agent(setting, *flags)
        before = STATS.read_text()
        STATS.write_text("1")
        try:
            begun_ns = _cpu_ns(agent.child.pid)
            self.requests = machine.load()[0]
            _wait_for_all(agent, self.requests)
            self.agent_ns = _cpu_ns(agent.child.pid) - begun_ns
            self.kernel_ns = _programs_ns(agent.child.pid)
            self.counted = _counted(agent)
        finally:
            STATS.write_text(before)
            agent.terminate()


def _wait_for_all(agent, requests):
    """Or as many as there are: what is missing is one of the figures."""
    try:
        wait_until(lambda: _counted(agent) >= requests, SETTLE_SECONDS, "all to be counted")
    except DeadlineExceeded:
        pass


def _counted(agent):
    return agent.scrape().value("container_http_requests_total")


def _cpu_ns(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // TICKS_A_SECOND


def _programs_ns(pid):
    """Nanoseconds in the process's programs since the statistics were switched on."""
    times = {}
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        facts = dict(line.split(":\t", 1) for line in info.read_text().splitlines()
                     if ":\t" in line)
        if "run_time_ns" in facts:
            times[facts["prog_id"]] = int(facts["run_time_ns"])
    return sum(times.values())
