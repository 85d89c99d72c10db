# SPDX-License-Identifier: Apache-2.0
"""docker and containerd without a socket that answers: OCI bundles and shims tell who a container
is. podman without one is in test_podman.py."""

import json
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import CONTAINERD_IMAGE, IMAGE
from tests.e2e.harness.troupe_agent import Agent, run_troupe
from tests.e2e.harness.workload import (ContainerdClient, OrderedClient, PORT, outbound,
                                            start_server)

RUNTIMES = ("docker", "containerd", "podman", "cri")


class Bundles(RuntimeTestCase):
    def sockets(self):
        absent = self.sandbox.folder / "absent.sock"
        return [word for runtime in RUNTIMES for word in (f"--{runtime}-socket", absent)]

    def start_agent_without_sockets(self):
        agent = Agent(self.sandbox.logs, docker_socket=None, containerd_socket=None)
        agent.options = [*agent.options[:2], *self.sockets(), "--services=false"]
        self.addCleanup(lambda: agent.child and agent.child.stop())
        return agent.start()

    def run_in_containerd(self, namespace, name, *command):
        in_namespace = ("-n", namespace)
        self.addCleanup(self.containerd.ctr, *in_namespace, "container", "rm", name, check=False)
        self.addCleanup(self.containerd.ctr, *in_namespace, "task", "rm", "-f", name, check=False)
        self.containerd.ctr(*in_namespace, "run", "-d", "--net-host", CONTAINERD_IMAGE, name,
                            *command)

    def list(self, ids):
        """Of these runtime ids: container id -> what `troupe list` says."""
        done = run_troupe("list", "-o", "json", *self.sockets())
        return {row["container_id"]: row for row in json.loads(done.stdout)
                if row["runtime_id"] in ids}

    def test_list_names_them(self):
        web = self.run_server("web", "--label", "app=shop", "-m", "64m", IMAGE, "/bin/sleep", "1000")
        db = self.run_server("db", "--network", "container:web", IMAGE, "/bin/sleep", "1000")
        self.dockerd.docker("pause", "db")
        self.addCleanup(self.dockerd.docker, "unpause", "db", check=False)
        self.run_in_containerd("ns1", "queue", "/bin/sleep", "1000")
        rows = self.list((web, db, "queue"))
        self.assertEqual({name: (row["runtime"], row["runtime_id"], row["state"])
                          for name, row in rows.items()},
                         {"/docker/web": ("docker", web, "running"),
                          "/docker/db": ("docker", db, "paused"),
                          "/containerd/ns1/queue": ("containerd", "queue", "running")})
        row = rows["/docker/web"]
        self.assertEqual((row["image"], row["labels"], row["pid"]),
                         (IMAGE, {"app": "shop"}, self.dockerd.inspect("web")["State"]["Pid"]))

    def test_metrics_have_their_names(self):
        agent = self.start_agent_without_sockets()
        address = start_server(self, "server", 1000)
        OrderedClient(self, "one").order("connect", address, PORT, 7, 1000)
        ContainerdClient(self, "two", "ns1").order("connect", address, PORT, 5, 1000)
        expected = {"/docker/one": 7, "/containerd/ns1/two": 5}
        metrics = agent.wait_for(
            lambda m: all(outbound(m, "bytes_received_total", name) >= 1000 * count
                          for name, count in expected.items()), 20, "both clients' connections")
        for name, count in expected.items():
            self.assertEqual(metrics.value("container_net_tcp_successful_connects_total",
                                           container_id=name), count)


if __name__ == "__main__":
    unittest.main()
