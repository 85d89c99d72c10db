# SPDX-License-Identifier: Apache-2.0
"""docker's socket misbehaves: counts stay exact, containerd's containers are named meanwhile, the
fault is told in words, and all is well when the socket is.

A socket that hangs from the start on, with the latency of events meanwhile: test_hung_runtime.py.
"""

import unittest

from tests.e2e.harness import faulty_socket
from tests.e2e.harness.faulty_socket import FaultySocket
from tests.e2e.harness.runtime_faults import IMPATIENT, RuntimeFaultCase, \
    peak_resident_bytes
from tests.e2e.harness.workload import PORT, ContainerdClient, OrderedClient

# Eight lookups at once may hold 4 MiB each, and one list 16 MiB.
GROWTH_BOUND_BYTES = 64 << 20


class DockerSocketFaults(RuntimeFaultCase):
    def setUp(self):
        super().setUp()
        self.socket = FaultySocket(self.sandbox.folder / f"{self._testMethodName}.sock",
                                   self.dockerd.socket)
        self.addCleanup(self.socket.close)
        self.agent = self.start_agent(*IMPATIENT, docker_socket=self.socket.path)

    def live_through(self, message, end):
        """The fault has begun: a container comes and works; end() ends the fault. Meanwhile it has
        its name from docker's disk."""
        client = OrderedClient(self, "client")
        self.work(client)
        self.wait_for_counts(self.agent, "/docker/client", 25, 5)
        self.check_other_runtime()
        self.wait_for_message(self.agent, "docker", self.socket.path, message)

        end()
        self.wait_until_up(self.agent, "docker")
        metrics = self.wait_for_counts(self.agent, "/docker/client", 25, 5)
        fallback = f"/docker/{client.id[:12]}"
        self.assertEqual(metrics.series("container_info", container_id=fallback), [])
        self.work(client)
        metrics = self.wait_for_counts(self.agent, "/docker/client", 50, 10)
        self.check_healthy(metrics)
        self.check_talk(self.agent, self.socket.path)

    def check_other_runtime(self):
        neighbour = ContainerdClient(self, "neighbour", "ns1")
        neighbour.order("connect", self.server_address, PORT, 7, 1000)
        metrics = self.wait_for_counts(self.agent, "/containerd/ns1/neighbour", 7, 0)
        images = metrics.label_values("container_info", "image",
                                      container_id="/containerd/ns1/neighbour")
        self.assertEqual(images, {"docker.io/library/troupe-e2e:1"})
        self.assertEqual(metrics.value("troupe_runtime_up", runtime="containerd"), 1)

    def misbehave(self, behaviour, message):
        before = self.socket.accepted
        self.socket.behave(behaviour)
        self.live_through(message, lambda: self.socket.behave(faulty_socket.pass_on))
        self.assertGreater(self.socket.accepted, before)

    def test_docker_socket_that_hangs(self):
        self.misbehave(faulty_socket.hang, "did not answer within 500 ms; does docker hang")

    def test_docker_socket_that_answers_garbage(self):
        self.misbehave(faulty_socket.answer_garbage, "another program listen")

    def test_docker_socket_that_answers_100_megabytes(self):
        before = peak_resident_bytes(self.agent.child.pid)
        self.misbehave(faulty_socket.answer_100_megabytes_of_json,
                       "larger than troupe accepts|has no end")
        grown = peak_resident_bytes(self.agent.child.pid) - before
        self.assertLess(grown, GROWTH_BOUND_BYTES)

    def test_docker_socket_that_closes_in_mid_answer(self):
        self.misbehave(faulty_socket.close_in_mid_answer, "docker may be restarting")

    def test_docker_socket_that_vanishes_and_returns(self):
        self.socket.vanish()
        self.live_through("absent", self.socket.appear)


del RuntimeFaultCase

if __name__ == "__main__":
    unittest.main()
