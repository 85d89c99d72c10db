# SPDX-License-Identifier: Apache-2.0
"""Traffic between containers, in exact amounts."""

import os
import pathlib
import tempfile

from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.waiting import wait_until

PORT = 8080
CLOSED_PORT = 8081


def start_server(case, name, size):
    """A container that answers `size` bytes with as many; returns its address."""
    case.run_server(name, IMAGE, "/bin/tcp_server", str(PORT), str(size))
    wait_until(lambda: "listening" in case.dockerd.logs(name), 10, f"{name} to listen")
    return case.dockerd.address(name)


class OrderedClient:
    """A container that connects when told to, through FIFOs: it needs no runtime for that."""

    def __init__(self, case, name, *options):
        self.name = name
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"orders-{name}-", dir=case.sandbox.folder))
        self._orders, self._answers = folder / "orders", folder / "answers"
        os.mkfifo(self._orders)
        os.mkfifo(self._answers)
        self.id = case.run_server(name, *options, "-v", f"{folder}:/orders", IMAGE,
                                  "/bin/ordered_client", "/orders/orders", "/orders/answers")
        # Opened for reading and writing, so that no end of ours waits for the other.
        self._order_fd = os.open(self._orders, os.O_RDWR)
        self._answer_fd = os.open(self._answers, os.O_RDWR | os.O_NONBLOCK)
        case.addCleanup(os.close, self._order_fd)
        case.addCleanup(os.close, self._answer_fd)

    def order(self, *words, seconds=20):
        """Gives an order and waits until it is done."""
        os.write(self._order_fd, (" ".join(str(word) for word in words) + "\n").encode())
        wait_until(self._answered, seconds, f"{self.name} to obey {words}")

    def _answered(self):
        try:
            return b"done\n" in os.read(self._answer_fd, 64)
        except BlockingIOError:
            return False


def outbound(metrics, family, container_id, destination=None):
    """Sum of a container_net_tcp_* family over one container's destination (or all of them)."""
    labels = {"container_id": container_id}
    if destination:
        labels["destination"] = destination
    return metrics.value(f"container_net_tcp_{family}", **labels)


def inbound(metrics, family, container_id):
    return metrics.value(f"container_net_tcp_inbound_{family}", container_id=container_id)
