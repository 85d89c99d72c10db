# SPDX-License-Identifier: Apache-2.0
"""Processes outside of all containers: by option, each name with its connections, exactly."""

import shutil
import unittest

from tests.e2e.harness.case import LoggedTestCase
from tests.e2e.harness.cgroup_containers import ENTER, hierarchy
from tests.e2e.harness.processes import Child
from tests.e2e.harness.sandbox import Sandbox, require_programs, require_root
from tests.e2e.harness.troupe_agent import Agent, free_port
from tests.e2e.harness.waiting import wait_until

SERVER = """
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
while True:
    peer, _ = listener.accept()
    received = 0
    while data := peer.recv(65536):
        received += len(data)
    peer.sendall(str(received).encode())
    peer.close()
"""
# Connects as often as a line of its stdin says, and sends so many bytes each time.
CLIENT = """
import socket, sys
for line in sys.stdin:
    count, size = map(int, line.split())
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as peer:
            peer.sendall(b"x" * size)
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(65536):
                pass
    print("done", count, flush=True)
"""
NAMED_SECONDS = 15


def on_the_host(*command):
    """The command in the root cgroup, wherever the tests themselves run."""
    return [*ENTER, str(hierarchy() / "cgroup.procs"), *map(str, command)]


class StandaloneProcesses(LoggedTestCase):
    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs("python3", "setpriv")
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)

    def setUp(self):
        self.port = free_port()
        # The kernel's name of a process is that of the file that it executed.
        names = (f"srv-{self.port}", f"cli-{self.port}")
        self.server_id, self.client_id = (f"/standalone/{name}" for name in names)
        self.server_program, self.client_program = (self.program(name) for name in names)

    def program(self, name):
        path = self.sandbox.folder / name
        shutil.copy(shutil.which("python3", path="/usr/bin"), path)
        return path

    def start_server(self):
        child = Child("server", on_the_host(self.server_program, "-c", SERVER, self.port),
                      self.sandbox.logs)
        self.addCleanup(child.stop)
        wait_until(lambda: "listening" in child.stdout(), 10, "the server")
        return child

    def start_agent(self, *options):
        agent = Agent(self.sandbox.logs, docker_socket=None, containerd_socket=None,
                      options=(*options, "--tick-interval", "200ms"))
        self.addCleanup(lambda: agent.child and agent.child.stop())
        return agent.start()

    def run_client(self, count, size):
        """A process that ends when it has done its work."""
        command = f"echo {count} {size} | exec {self.client_program} -c '{CLIENT}' {self.port}"
        child = Child("client", on_the_host("sh", "-c", command), self.sandbox.logs)
        self.addCleanup(child.stop)
        self.assertEqual(child.wait(30), 0, child.stderr())

    def wait_for_counts(self, agent, connections, sent):
        """The client's connections and bytes, and what the server accepted."""
        def exact(metrics):
            connects = metrics.value("container_net_tcp_successful_connects_total",
                                     container_id=self.client_id)
            bytes_sent = metrics.value("container_net_tcp_bytes_sent_total",
                                       container_id=self.client_id)
            accepted = metrics.value("container_net_tcp_inbound_successful_connects_total",
                                     container_id=self.server_id)
            received = metrics.value("container_net_tcp_inbound_bytes_received_total",
                                     container_id=self.server_id)
            return (connects, bytes_sent, accepted, received) == (connections, sent) * 2

        return agent.wait_for(exact, NAMED_SECONDS, f"{connections} connections, {sent} bytes")

    def test_a_server_that_was_there_before_and_clients_that_come(self):
        self.start_server()
        agent = self.start_agent("--standalone")
        agent.wait_for(lambda m: m.series("container_net_tcp_listen_info",
                                          container_id=self.server_id),
                       NAMED_SECONDS, "the server's listen")
        self.run_client(20, 1000)
        metrics = self.wait_for_counts(agent, 20, 20_000)
        self.assertEqual(len(metrics.series("container_info", container_id=self.client_id)), 1)
        self.run_client(5, 100)  # Another process of the same name: the same container.
        metrics = self.wait_for_counts(agent, 25, 20_500)
        self.assertEqual(metrics.losses(), [])
        self.assertEqual(metrics.value("container_restarts_total", container_id=self.client_id), 0)

    def test_a_server_that_comes_later(self):
        agent = self.start_agent("--standalone")
        self.start_server()
        agent.wait_for(lambda m: m.series("container_net_tcp_listen_info",
                                          container_id=self.server_id),
                       NAMED_SECONDS, "the server's listen")

    def test_without_the_option_there_is_nobody(self):
        agent = self.start_agent()
        self.start_server()
        self.run_client(3, 100)
        metrics = agent.scrape()
        standalone = [found["container_id"] for found, _ in metrics.series("container_info")
                      if found["container_id"].startswith("/standalone/")]
        self.assertEqual(standalone, [])


if __name__ == "__main__":
    unittest.main()
