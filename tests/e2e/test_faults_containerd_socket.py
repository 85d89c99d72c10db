# SPDX-License-Identifier: Apache-2.0
"""containerd's socket misbehaves: counts stay exact, docker's containers are named meanwhile, the
fault is told in words, and all is well when the socket is."""

import unittest

from tests.e2e.harness import faulty_socket
from tests.e2e.harness.faulty_socket import FaultySocket
from tests.e2e.harness.images import CONTAINERD_IMAGE
from tests.e2e.harness.runtime_faults import IMPATIENT, NAMED_SECONDS, RuntimeFaultCase, \
    peak_resident_bytes
from tests.e2e.harness.workload import PORT, ContainerdClient, OrderedClient

KNOWN, NEWCOMER = "/containerd/ns1/known", "/containerd/ns1/newcomer"
GROWTH_BOUND_BYTES = 64 << 20


class ContainerdSocketFaults(RuntimeFaultCase):
    def setUp(self):
        super().setUp()
        self.socket = FaultySocket(self.sandbox.folder / f"{self._testMethodName}.sock",
                                   self.containerd.socket)
        self.addCleanup(self.socket.close)
        self.agent = self.start_agent(*IMPATIENT, containerd_socket=self.socket.path)

    def live_through(self, begin, message, end):
        """Who was known before the fault is counted during it, and so is who comes meanwhile.

        A cgroup of containerd's, /ns1/newcomer, could be anything: that it is a container, and its
        name, tells its bundle on disk where containerd does not; its image tells only containerd.
        """
        known = ContainerdClient(self, "known", "ns1")
        self.agent.wait_for(lambda m: m.series("container_info", container_id=KNOWN), 20,
                            "the name of who is there before the fault")
        begin()
        newcomer = ContainerdClient(self, "newcomer", "ns1")
        self.work(newcomer)
        self.work(known)
        metrics = self.wait_for_counts(self.agent, KNOWN, 25, 5)
        self.check_counts(metrics, KNOWN, 25, 5)
        metrics = self.wait_for_counts(self.agent, NEWCOMER, 25, 5)
        self.assertEqual(metrics.series("container_info", container_id=NEWCOMER,
                                        image=CONTAINERD_IMAGE), [])
        self.check_other_runtime()
        self.wait_for_message(self.agent, "containerd", self.socket.path, message)

        end()
        self.agent.wait_for(lambda m: m.series("container_info", container_id=NEWCOMER,
                                               image=CONTAINERD_IMAGE),
                            NAMED_SECONDS, f"the image of {NEWCOMER}")
        self.wait_for_counts(self.agent, NEWCOMER, 25, 5)
        self.work(newcomer)
        self.wait_for_counts(self.agent, NEWCOMER, 50, 10)
        metrics = self.wait_for_counts(self.agent, KNOWN, 25, 5)
        self.check_healthy(metrics)
        self.wait_until_up(self.agent, "containerd")
        self.check_talk(self.agent, self.socket.path)

    def check_other_runtime(self):
        neighbour = OrderedClient(self, "neighbour")
        neighbour.order("connect", self.server_address, PORT, 7, 1000)
        metrics = self.wait_for_counts(self.agent, "/docker/neighbour", 7, 0)
        self.assertEqual(len(metrics.series("container_info",
                                            container_id="/docker/neighbour")), 1)
        self.assertEqual(metrics.value("troupe_runtime_up", runtime="docker"), 1)

    def misbehave(self, behaviour, message):
        before = self.socket.accepted
        self.live_through(lambda: self.socket.behave(behaviour), message,
                          lambda: self.socket.behave(faulty_socket.pass_on))
        self.assertGreater(self.socket.accepted, before)

    def test_containerd_socket_that_hangs(self):
        self.misbehave(faulty_socket.hang, "did not answer within 500 ms; does containerd hang")

    def test_containerd_socket_that_answers_garbage(self):
        self.misbehave(faulty_socket.answer_garbage, "containerd")

    def test_containerd_socket_that_answers_100_megabytes(self):
        before = peak_resident_bytes(self.agent.child.pid)
        self.misbehave(faulty_socket.answer_100_megabytes_of_http2, "containerd")
        grown = peak_resident_bytes(self.agent.child.pid) - before
        self.assertLess(grown, GROWTH_BOUND_BYTES)

    def test_containerd_socket_that_closes_in_mid_answer(self):
        self.misbehave(faulty_socket.close_in_mid_answer, "containerd may be restarting")

    def test_containerd_socket_that_vanishes_and_returns(self):
        self.live_through(self.socket.vanish, "absent", self.socket.appear)


del RuntimeFaultCase

if __name__ == "__main__":
    unittest.main()
