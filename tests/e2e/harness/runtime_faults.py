# SPDX-License-Identifier: Apache-2.0
"""What has to hold while a runtime's socket misbehaves, whichever it is and however it does it."""

import pathlib
import re

from tests.e2e.harness.bare import LARGE_RING
from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.workload import CLOSED_PORT, PORT, outbound, start_server

# The agent asks often and gives up early, so that a fault shows soon and often.
IMPATIENT = ("--fallback-name-after", "500ms", "--runtime-timeout", "500ms", *LARGE_RING)
NAMED_SECONDS = 40
# Connected; disconnected, for two reasons in turn where a connection is cut; connected.
TALK_MAX = 6


class RuntimeFaultCase(RuntimeTestCase):
    """Subclasses say which runtime is at fault and how a container of each looks."""

    def setUp(self):
        self.server_address = start_server(self, "server", 1000)

    def check_counts(self, metrics, container_id, connects, refused):
        for family, expected in (("successful_connects_total", connects),
                                 ("failed_connects_total", refused),
                                 ("bytes_sent_total", connects * 1000),
                                 ("bytes_received_total", connects * 1000)):
            with self.subTest(container_id=container_id, family=family):
                self.assertEqual(outbound(metrics, family, container_id), expected)

    def work(self, client):
        """25 connects and 5 refusals."""
        client.order("connect", self.server_address, PORT, 25, 1000)
        client.order("refused", self.server_address, CLOSED_PORT, 5)

    def wait_for_counts(self, agent, container_id, connects, refused):
        metrics = agent.wait_for(
            lambda m: outbound(m, "bytes_received_total", container_id) >= connects * 1000 and
            outbound(m, "failed_connects_total", container_id) >= refused, 20,
            f"{connects} connects and {refused} refusals of {container_id}")
        self.check_counts(metrics, container_id, connects, refused)
        return metrics

    def wait_for_message(self, agent, runtime, socket, pattern):
        """The fault is in the metrics, and /debug/actors says it in words with a next step."""
        agent.wait_for(lambda m: m.value("troupe_runtime_up", runtime=runtime,
                                         socket=str(socket)) == 0, 10, f"{runtime} to be down")

        def said(_):
            rows = [line for line in agent.get("/debug/actors")[1].splitlines()
                    if line.split()[:2] == [runtime, str(socket)]]
            self.assertEqual(len(rows), 1, rows)
            return re.search(pattern, rows[0])

        agent.wait_for(said, 15, f"{pattern!r} in /debug/actors")

    def wait_until_up(self, agent, runtime):
        agent.wait_for(lambda m: m.value("troupe_runtime_up", runtime=runtime) == 1,
                       NAMED_SECONDS, f"{runtime} to be up again")

    def check_talk(self, agent, socket):
        """Between its beginning and its end a fault is told a few times, not at every try."""
        said = [line for line in agent.child.stderr().splitlines() if str(socket) in line]
        self.assertLessEqual(len(said), TALK_MAX, said)

    def check_healthy(self, metrics):
        self.assertEqual(metrics.losses(), [])
        self.assertEqual(metrics.value("troupe_actor_restarts_total"), 0)


def peak_resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no VmHWM of {pid}")
