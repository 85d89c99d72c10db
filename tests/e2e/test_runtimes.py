# SPDX-License-Identifier: Apache-2.0
"""Every runtime at once on one machine, with the same workload in each: each container under the
one right id, counted exactly; and one runtime that forbids access, which is nobody else's trouble.
"""

import json
import os
import shutil
import unittest

from tests.e2e.harness.case import NEEDED, RuntimeTestCase
from tests.e2e.harness.cri import CriContainerd, Pod, cri_pod_path, remove_pod_cgroups
from tests.e2e.harness.images import CONTAINERD_IMAGE, IMAGE
from tests.e2e.harness.podman import Podman
from tests.e2e.harness.processes import run
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.troupe_agent import Agent, clean_environment, run_troupe, troupe_path
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.workload import PORT, outbound

SIZE = 1000
SERVER = "/docker/hub"
# Who connects how often: different numbers, so that nobody is counted for another.
CLIENTS = {
    "/docker/one": ("docker", 3),
    "/containerd/ns1/two": ("containerd", 4),
    "/containerd/ns2/two": ("containerd", 5),
    "/k8s/shop/cart-0/app": ("containerd", 6),
    "/podman/three": ("podman", 7),
    "/podman/shop/four": ("podman", 8),
}
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all")


class Runtimes(RuntimeTestCase):
    @classmethod
    def setUpClass(cls):
        require_programs(*NEEDED, "conmon", "podman")
        cri_pod_path()
        cls.addClassCleanup(remove_pod_cgroups)  # After the sandbox is closed.
        super().setUpClass()
        cls.addClassCleanup(cls.podman.remove_cgroups)

    @classmethod
    def _start_runtimes(cls):
        super()._start_runtimes()
        cls.cri = CriContainerd(cls.sandbox, "cri")
        cls.cri.start()
        cls.cri.load_images()
        cls.podman = Podman(cls.sandbox)
        cls.podman.load_image()
        cls.podman.start()

    def setUp(self):
        # The last of them sees all containers as gone before its runtime is.
        self.addCleanup(self.podman.remove_all)

    def sockets(self):
        return ["--docker-socket", self.dockerd.socket, "--containerd-socket",
                self.containerd.socket, "--containerd-socket", self.cri.socket,
                "--podman-socket", self.podman.socket, "--cri-socket",
                self.sandbox.folder / "absent.sock"]

    def start_agent(self):
        agent = Agent(self.sandbox.logs, docker_socket=None, containerd_socket=None)
        agent.options = [*agent.options[:2], *self.sockets(), "--services=false"]
        self.addCleanup(lambda: agent.child and agent.child.stop())
        return agent.start()

    def list(self, ids, *options):
        """The rows with these runtime ids. What other daemons of this machine run is found on disk
        and listed, too."""
        done = run_troupe("list", "-o", "json", *self.sockets(), *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [row for row in json.loads(done.stdout) if row["runtime_id"] in ids]
        by_name = {row["container_id"]: row for row in rows}
        self.assertEqual(len(by_name), len(rows))
        return by_name

    def start_everything(self, command_of):
        """One container for each of CLIENTS; command_of(its id) is what runs in it. Returns their
        runtimes' ids; "two" is that of both containerd namespaces."""
        ids = {"two", self.run_server("one", "--network", "host", IMAGE,
                                      *command_of("/docker/one"))}
        for namespace in ("ns1", "ns2"):
            in_namespace = ("-n", namespace)
            self.addCleanup(self.containerd.ctr, *in_namespace, "container", "rm", "two",
                            check=False)
            self.addCleanup(self.containerd.ctr, *in_namespace, "task", "rm", "-f", "two",
                            check=False)
            self.containerd.ctr(*in_namespace, "run", "-d", "--net-host", CONTAINERD_IMAGE, "two",
                                *command_of(f"/containerd/{namespace}/two"))
        ids.add(Pod(self, "cart-0", runtime=self.cri).run(
            "app", *command_of("/k8s/shop/cart-0/app")))
        ids.add(self.podman.run_detached("three", IMAGE, *command_of("/podman/three")))
        pod = self.podman.create_pod("shop")
        ids.add(self.podman.run_in_pod(pod, "four", IMAGE, *command_of("/podman/shop/four")))
        return ids

    def test_the_same_workload_in_each_is_counted_under_the_right_id(self):
        server = self.run_server("hub", "--network", "host", IMAGE, "/bin/tcp_server", str(PORT),
                                 str(SIZE))
        wait_until(lambda: "listening" in self.dockerd.logs("hub"), 10, "the server to listen")
        agent = self.start_agent()
        ours = self.start_everything(lambda name: ("/bin/tcp_client", "127.0.0.1", str(PORT),
                                                   str(CLIENTS[name][1]), str(SIZE))) | {server}
        total = sum(count for _, count in CLIENTS.values())

        def all_counted(metrics):
            return (metrics.value("container_net_tcp_inbound_successful_connects_total",
                                  container_id=SERVER) >= total
                    and all(outbound(metrics, "bytes_received_total", name) >= count * SIZE
                            for name, (_, count) in CLIENTS.items()))

        metrics = agent.wait_for(all_counted, 30, "every connection, under its container's name")
        for name, (runtime, count) in CLIENTS.items():
            with self.subTest(name):
                self.assertEqual(outbound(metrics, "successful_connects_total", name), count)
                for family in ("bytes_sent_total", "bytes_received_total"):
                    self.assertEqual(outbound(metrics, family, name), count * SIZE)
                self.assertEqual(metrics.value("container_info", container_id=name,
                                               runtime=runtime), 1)
        self.assertEqual(metrics.value("container_net_tcp_inbound_successful_connects_total",
                                       container_id=SERVER), total)
        ids = [(row["runtime_id"], name) for name, row in self.list(ours, "--all").items()]
        self.assertEqual({name for _, name in ids}, {SERVER, *CLIENTS})
        exported = [(labels["runtime_id"], labels["container_id"])
                    for labels, _ in metrics.series("container_info")
                    if labels["runtime_id"] in ours]
        self.assertEqual(sorted(exported), sorted(ids))  # Once each, under no other id.
        self.assert_nothing_lost(metrics)

    def test_each_is_listed_once_under_the_right_id(self):
        rows = self.list(self.start_everything(lambda name: ("/bin/sleep", "1000")))
        self.assertEqual({name: row["runtime"] for name, row in rows.items()},
                         {name: runtime for name, (runtime, _) in CLIENTS.items()})
        for row in rows.values():
            self.assertEqual(row["state"], "running")
            self.assertEqual(os.readlink(f"/proc/{row['pid']}/exe").rpartition("/")[2], "busybox")
        self.assertEqual({name for name, row in rows.items() if row["pod"]},
                         {"/k8s/shop/cart-0/app", "/podman/shop/four"})

    def test_one_that_forbids_access_is_named_and_the_others_are_listed(self):
        self.run_server("hidden", IMAGE, "/bin/sleep", "1000")
        self.podman.run_detached("open", IMAGE, "/bin/sleep", "1000")
        self.sandbox.folder.chmod(0o755)
        self.dockerd.socket.chmod(0o600)
        self.podman.socket.chmod(0o666)
        self.containerd.socket.chmod(0o600)
        copy = self.sandbox.folder / "troupe"  # Where it was built, nobody may not look.
        shutil.copy(troupe_path(), copy)
        absent = self.sandbox.folder / "absent.sock"
        sockets = ["--docker-socket", self.dockerd.socket, "--containerd-socket",
                   self.containerd.socket, "--podman-socket", self.podman.socket,
                   "--cri-socket", absent]

        def as_nobody(*words):
            return run([*NOBODY, copy, *words, *sockets], check=False, env=clean_environment())

        done = as_nobody("list", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        listed = [row["container_id"] for row in json.loads(done.stdout)]
        self.assertIn("/podman/open", listed)
        self.assertNotIn("/docker/hidden", listed)
        complaints = [line for line in done.stderr.splitlines() if "permission denied" in line]
        self.assertEqual(len(complaints), 2, done.stderr)
        self.assertIn(str(self.dockerd.socket), complaints[0])
        self.assertIn("run as root or join group docker", complaints[0])
        doctor = json.loads(as_nobody("doctor", "-o", "json").stdout)
        self.assertEqual({(x["runtime"], x["error"]) for x in doctor["runtimes"]},
                         {("docker", "runtime_forbidden"), ("containerd", "runtime_forbidden"),
                          ("crio", "runtime_absent"), ("podman", "")})


if __name__ == "__main__":
    unittest.main()
