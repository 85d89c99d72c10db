# SPDX-License-Identifier: Apache-2.0
"""Traffic between containers, in exact amounts."""

import os
import pathlib
import tempfile

from tests.e2e.harness.images import CONTAINERD_IMAGE, IMAGE
from tests.e2e.harness.waiting import wait_until

PORT = 8080
CLOSED_PORT = 8081


def start_server(case, name, size):
    """A container that answers `size` bytes with as many; returns its address."""
    case.run_server(name, IMAGE, "/bin/tcp_server", str(PORT), str(size))
    wait_until(lambda: "listening" in case.dockerd.logs(name), 10, f"{name} to listen")
    return case.dockerd.address(name)


class Orders:
    """The two FIFOs through which ordered_client is driven: that needs no runtime."""

    def __init__(self, case, name, folder):
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"orders-{name}-", dir=folder))
        self.orders, self.answers = self.folder / "orders", self.folder / "answers"
        os.mkfifo(self.orders)
        os.mkfifo(self.answers)
        # Opened for reading and writing, so that no end of ours waits for the other.
        self._order_fd = os.open(self.orders, os.O_RDWR)
        self._answer_fd = os.open(self.answers, os.O_RDWR | os.O_NONBLOCK)
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


IN_CONTAINER = ("/bin/ordered_client", "/orders/orders", "/orders/answers")


class OrderedClient(Orders):
    """A docker container that connects when told to."""

    def __init__(self, case, name, *options):
        super().__init__(case, name, case.sandbox.folder)
        self.id = case.run_server(name, *options, "-v", f"{self.folder}:/orders", IMAGE,
                                  *IN_CONTAINER)


class ContainerdClient(Orders):
    """The same in a namespace of containerd, in the network of the sandbox."""

    def __init__(self, case, name, namespace):
        super().__init__(case, name, case.sandbox.folder)
        self.id = name
        in_namespace = ("-n", namespace)

        def remove():
            case.containerd.ctr(*in_namespace, "task", "rm", "-f", name, check=False)
            case.containerd.ctr(*in_namespace, "container", "rm", name, check=False)

        case.addCleanup(remove)
        case.containerd.ctr(*in_namespace, "run", "-d", "--net-host", "--mount",
                            f"type=bind,src={self.folder},dst=/orders,options=rbind:rw",
                            CONTAINERD_IMAGE, name, *IN_CONTAINER)


def outbound(metrics, family, container_id, destination=None):
    """Sum of a container_net_tcp_* family over one container's destination (or all of them)."""
    labels = {"container_id": container_id}
    if destination:
        labels["destination"] = destination
    return metrics.value(f"container_net_tcp_{family}", **labels)


def inbound(metrics, family, container_id):
    return metrics.value(f"container_net_tcp_inbound_{family}", container_id=container_id)
