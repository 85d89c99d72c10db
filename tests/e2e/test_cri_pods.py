# SPDX-License-Identifier: Apache-2.0
"""Kubernetes' pods as a node has them, run through containerd's CRI plugin by a kubelet of ours:
seen through containerd's own API, and through CRI alone, as CRI-O offers it."""

import json
import unittest

from tests.e2e.harness.case import LoggedTestCase, print_logs
from tests.e2e.harness.cri import (APP_IMAGE, GVISOR, CriContainerd, Pod, cri_pod_path,
                                   remove_pod_cgroups)
from tests.e2e.harness.processes import Child
from tests.e2e.harness.sandbox import Sandbox, require_programs, require_root
from tests.e2e.harness.troupe_agent import Agent, clean_environment, run_troupe, troupe_path
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.workload import outbound

PORT = 8090
SIZE = 1000
MEBIBYTE = 1 << 20


class CriPods(LoggedTestCase):
    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs("containerd", "ctr", "gcc", "ip", "nsenter", "runc", "setpriv", "unshare")
        troupe_path()
        cri_pod_path()
        cls.addClassCleanup(remove_pod_cgroups)  # After the sandbox is closed.
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        try:
            cls.containerd = CriContainerd(cls.sandbox)
            cls.containerd.start()
            cls.containerd.load_images()
        except BaseException:
            print_logs(cls.sandbox)
            raise

    def sockets(self, by_cri):
        """The flags for one view of the runtime: its own API or, as of CRI-O, CRI alone."""
        absent = self.sandbox.folder / "absent.sock"
        own, cri = (absent, self.containerd.socket) if by_cri else (self.containerd.socket, absent)
        return ["--docker-socket", absent, "--podman-socket", absent, "--containerd-socket", own,
                "--cri-socket", cri]

    def start_agent(self, by_cri):
        absent = self.sandbox.folder / "absent.sock"
        agent = Agent(self.sandbox.logs, docker_socket=absent, containerd_socket=absent)
        agent.options = [*agent.options[:2], *self.sockets(by_cri), "--services=false"]
        self.addCleanup(lambda: agent.child and agent.child.stop())
        return agent.start()

    def list(self, by_cri, *options):
        """container id -> what `troupe list` says of it."""
        done = run_troupe("list", "-o", "json", *self.sockets(by_cri), *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row["container_id"]: row for row in json.loads(done.stdout)
                if row["runtime"] in ("containerd", "crio")}

    def state_of(self, by_cri, container_id):
        return self.list(by_cri, "--all").get(container_id, {}).get("state")

    def check_two_pods(self, by_cri):
        cart, blog = Pod(self, "cart-0"), Pod(self, "blog-0", namespace="press")
        sleep = ("/bin/sleep", "1000")
        app = cart.run("app", *sleep, restarts=2, memory=64 * MEBIBYTE, cpu=500)
        side = cart.run("side", *sleep)
        web = blog.run("web", *sleep)
        rows = self.list(by_cri)
        expected = {"/k8s/shop/cart-0/app": (cart, app, "app", 2),
                    "/k8s/shop/cart-0/side": (cart, side, "side", 0),
                    "/k8s/press/blog-0/web": (blog, web, "web", 0)}
        self.assertEqual(set(rows), set(expected))  # And no pause container.
        for container_id, (pod, runtime_id, name, restarts) in expected.items():
            row = rows[container_id]
            self.assertEqual(
                {key: row[key] for key in ("runtime_id", "name", "namespace", "pod", "state",
                                           "image", "pid", "restarts", "exit_code", "oom_killed")},
                {"runtime_id": runtime_id, "name": name, "namespace": pod.namespace,
                 "pod": pod.name, "state": "running", "image": APP_IMAGE,
                 "pid": pod.pid(runtime_id), "restarts": restarts, "exit_code": None,
                 "oom_killed": False})
            self.assertEqual(row["labels"]["io.kubernetes.pod.uid"], pod.uid)

    def test_two_pods_by_containerd(self):
        self.check_two_pods(by_cri=False)

    def test_two_pods_by_cri(self):
        self.check_two_pods(by_cri=True)

    def check_details(self, by_cri):
        pod = Pod(self, "full-0")
        app = pod.run("app", "/bin/sleep", "1000", restarts=2, memory=64 * MEBIBYTE, cpu=500)
        done = run_troupe("inspect", "/k8s/shop/full-0/app", "-o", "json", *self.sockets(by_cri))
        self.assertEqual(done.returncode, 0, done.stderr)
        row, = json.loads(done.stdout)
        expected = {
            "runtime_id": app, "sandbox_id": pod.id, "pod_uid": pod.uid, "restarts": 2,
            "oci_runtime": "io.containerd.runc.v2", "command": ["/bin/sleep", "1000"],
            "annotations": {"io.kubernetes.container.restartCount": "2"},
            "log_path": f"{self.containerd.folder}/logs/full-0/app.log",
            "cgroup_path": f"{pod.cgroup}/{app}", "privileged": False, "networks": [],
            "limits": {"memory_bytes": 64 * MEBIBYTE, "cpu_millicores": 500, "cpu_shares": None,
                       "pids": None, "cpuset": None}}
        self.assertEqual({key: row[key] for key in expected}, expected)
        self.assertEqual({mount["destination"] for mount in row["mounts"]},
                         {"/dev/shm", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"})
        # Its pod has the node's network, and thereby its names.
        self.assertEqual({x["kind"]: x["asked"] for x in row["namespaces"]} | {"time": None},
                         {"cgroup": "host", "ipc": "pod", "mnt": "private", "net": "host",
                          "pid": "private", "time": None, "user": "host", "uts": "host"})

    def test_details_by_containerd(self):
        self.check_details(by_cri=False)

    def test_details_by_cri(self):
        self.check_details(by_cri=True)

    def check_exit_code(self, by_cri):
        pod = Pod(self, "batch-0")
        pod.run("done", "/bin/sh", "-c", "exit 7")
        pod.create("later", "/bin/sleep", "1000")
        wait_until(lambda: self.state_of(by_cri, "/k8s/shop/batch-0/done") == "exited", 10,
                   "the container to exit")
        rows = self.list(by_cri, "--all")
        self.assertEqual(set(rows), {"/k8s/shop/batch-0/done", "/k8s/shop/batch-0/later"})
        done, later = rows["/k8s/shop/batch-0/done"], rows["/k8s/shop/batch-0/later"]
        self.assertEqual((done["exit_code"], done["pid"], done["oom_killed"]), (7, 0, False))
        self.assertLess(done["created"], done["started"])
        self.assertLessEqual(done["started"], done["finished"])
        self.assertEqual((later["state"], later["exit_code"], later["started"]),
                         ("created", None, None))

    def test_the_exit_code_by_containerd(self):
        self.check_exit_code(by_cri=False)

    def test_the_exit_code_by_cri(self):
        self.check_exit_code(by_cri=True)

    def check_connections(self, by_cri):
        """Metrics have the pod's names, also of containers that come while the agent runs."""
        agent = self.start_agent(by_cri)
        pod = Pod(self, "net-0")
        pod.run("server", "/bin/tcp_server", str(PORT), str(SIZE))
        connections = 5
        pod.run("client", "/bin/tcp_client", "127.0.0.1", str(PORT), str(connections), str(SIZE))
        container = "/k8s/shop/net-0/client"
        metrics = agent.wait_for(
            lambda m: outbound(m, "bytes_received_total", container) >= connections * SIZE, 20,
            "the client's connections")
        self.assertEqual(
            metrics.value("container_net_tcp_successful_connects_total", container_id=container),
            connections)
        for family in ("bytes_sent_total", "bytes_received_total"):
            self.assertEqual(outbound(metrics, family, container), connections * SIZE)
        named = {labels["container_id"] for labels, _ in metrics.series("container_info")}
        self.assertEqual({name for name in named if name.startswith("/k8s/")},
                         {"/k8s/shop/net-0/server", container})

    def test_connections_by_containerd(self):
        self.check_connections(by_cri=False)

    def test_connections_by_cri(self):
        self.check_connections(by_cri=True)

    def check_sandboxed_pod(self, by_cri):
        """Where all of a pod runs in its sandbox, the sandbox is what there is to see."""
        pod = Pod(self, "safe-0", handler=GVISOR)
        rows = self.list(by_cri)
        self.assertEqual(set(rows), {"/k8s/shop/safe-0/sandbox"})
        row = rows["/k8s/shop/safe-0/sandbox"]
        self.assertEqual((row["runtime_id"], row["state"], row["pid"], row["pod"]),
                         (pod.id, "running", pod.pid(pod.id), "safe-0"))

    def test_a_sandboxed_pod_by_containerd(self):
        self.check_sandboxed_pod(by_cri=False)

    def test_a_sandboxed_pod_by_cri(self):
        self.check_sandboxed_pod(by_cri=True)

    def check_out_of_memory(self, by_cri):
        limit = 16
        pod = Pod(self, "greedy-0")
        # containerd's shim forgets a kill whose cgroup is gone before it looks at it: the container
        # lives on for a moment.
        pod.run("eater", "/bin/sh", "-c", f"/bin/oom {4 * limit}; code=$?; sleep 1; exit $code",
                memory=limit * MEBIBYTE)
        container = "/k8s/shop/greedy-0/eater"

        # containerd hears of the kill and of the exit from different sources, in any order.
        def killed():
            row = self.list(by_cri, "--all").get(container, {})
            return row.get("state") == "exited" and row["oom_killed"]

        wait_until(killed, 10, "the container to be killed")
        self.assertEqual(self.list(by_cri, "--all")[container]["exit_code"], 137)

    def test_out_of_memory_by_containerd(self):
        self.check_out_of_memory(by_cri=False)

    def test_out_of_memory_by_cri(self):
        self.check_out_of_memory(by_cri=True)

    def start_events(self, by_cri):
        """`troupe events`; returns a function that gives its lines about pods so far."""
        child = Child("events", [troupe_path(), "events", "--source", "runtime", "-o", "json",
                                 "--services=false", *self.sockets(by_cri)],
                      self.sandbox.logs, env=clean_environment())
        self.addCleanup(child.stop)

        def lines():
            child.check_running()
            text = child.stdout()
            return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

        return lines

    def check_events(self, by_cri, expected, orders):
        """`orders` are given to a pod's container; what is told of it after a first start is
        `expected`."""
        events = self.start_events(by_cri)
        # Who listens is shown by a container that comes later than the command.
        probes = []

        def heard():
            pod = Pod(self, f"probe-{len(probes)}")
            probes.append(pod)
            pod.run("probe", "/bin/true")
            return any(event["container_id"].startswith("/k8s/shop/probe-") for event in events())

        wait_until(heard, 20, "an event")
        pod = Pod(self, "life-0")
        app = pod.run("app", "/bin/sleep", "1000")
        orders(pod, app)
        container = "/k8s/shop/life-0/app"

        def told():
            return [(event["event"], event["exit_code"]) for event in events()
                    if event["container_id"] == container]

        wait_until(lambda: len(told()) >= len(expected), 20, lambda: f"{expected}; is {told()}")
        self.assertEqual(told(), expected)
        # Not a word of pause containers.
        self.assertEqual({event["container_id"] for event in events()
                          if "/life-0" in event["container_id"]
                          or event["runtime_id"] == pod.id}, {container})

    def test_events_by_containerd(self):
        def orders(pod, app):
            done = self.containerd.order("exec", app, "--", "/bin/sh", "-c", "exit 3", check=False)
            self.assertEqual(done.returncode, 3)
            self.containerd.order("stop", app)
            self.containerd.order("remove", app)

        self.check_events(False, [("created", None), ("started", None), ("exec", None),
                                  ("exec_exited", 3), ("exited", 137), ("removed", None)], orders)

    def test_events_by_cri(self):
        # CRI tells nothing of what is exec'ed.
        self.check_events(True, [("created", None), ("started", None), ("exited", 137)],
                          lambda pod, app: self.containerd.order("stop", app))


if __name__ == "__main__":
    unittest.main()
