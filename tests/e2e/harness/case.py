# SPDX-License-Identifier: Apache-2.0
"""The base of all test cases: a machine with both runtimes, its agent, and logs on failure."""

import sys
import unittest

from tests.e2e.harness import images
from tests.e2e.harness.daemons import Containerd, Dockerd
from tests.e2e.harness.processes import tail
from tests.e2e.harness.sandbox import CONTAINERD_NAMESPACES, Sandbox, require_programs, require_root
from tests.e2e.harness.troupe_agent import Agent, Trace, troupe_path

NEEDED = ("containerd", "ctr", "dockerd", "gcc", "ip", "iptables", "nsenter", "promtool", "runc",
          "setpriv", "unshare")


class LoggedTestCase(unittest.TestCase):
    """Shows the logs of everybody when a test fails. `sandbox` has them."""

    sandbox = None

    def run(self, result=None):
        before = _failures(result)
        super().run(result)
        if _failures(result) > before:
            print_logs(self.sandbox)


class RuntimeTestCase(LoggedTestCase):
    """One sandbox with containerd and dockerd for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs(*NEEDED)
        troupe_path()
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        try:
            cls._start_runtimes()
        except BaseException:
            print_logs(cls.sandbox)
            raise

    @classmethod
    def _start_runtimes(cls):
        cls.containerd = Containerd(cls.sandbox)
        cls.containerd.start()
        cls.dockerd = Dockerd(cls.sandbox, cls.containerd)
        cls.dockerd.start()
        work = cls.sandbox.folder / "image"
        work.mkdir()
        images.load_into_docker(cls.dockerd, work)
        images.load_into_containerd(cls.containerd, cls.dockerd, work, CONTAINERD_NAMESPACES)

    def start_agent(self, *options, docker_socket=None, containerd_socket=None):
        agent = Agent(self.sandbox.logs, docker_socket=docker_socket or self.dockerd.socket,
                      containerd_socket=containerd_socket or self.containerd.socket,
                      options=options)
        self.addCleanup(lambda: agent.child and agent.child.stop())
        return agent.start()

    def start_trace(self, kind, *options, output="json"):
        trace = Trace(self.sandbox.logs, kind, docker_socket=self.dockerd.socket,
                      containerd_socket=self.containerd.socket, output=output, options=options)
        self.addCleanup(trace.child.stop)
        return trace

    def run_server(self, name, *arguments):
        """docker run -d, removed after the test."""
        container = self.dockerd.run_detached(name, *arguments)
        self.addCleanup(self.dockerd.docker, "rm", "-f", name, check=False)
        return container

    def assert_nothing_lost(self, metrics):
        self.assertEqual(metrics.losses(), [])


def _failures(result):
    return len(result.failures) + len(result.errors) if result is not None else 0


def print_logs(sandbox):
    for name, text in sandbox.log_texts().items():
        if name.startswith(("containerd", "dockerd")):
            text = "\n".join(line for line in text.splitlines() if "level=info" not in line)
        if text:
            print(f"--- {name}\n{tail(text)}", file=sys.stderr)
