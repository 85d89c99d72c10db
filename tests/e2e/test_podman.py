# SPDX-License-Identifier: Apache-2.0
"""podman: containers and pods, by its service, through a crash of it, and without any."""

import json
import unittest

from tests.e2e.harness.case import LoggedTestCase, print_logs
from tests.e2e.harness.images import PROGRAMS, compile_programs
from tests.e2e.harness.life_events import LifeEvents
from tests.e2e.harness.podman import IMAGE, Podman
from tests.e2e.harness.processes import Child
from tests.e2e.harness.sandbox import Sandbox, require_programs, require_root
from tests.e2e.harness.troupe_agent import Agent, free_port, run_troupe, troupe_path
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.workload import IN_CONTAINER, Orders, outbound

SIZE = 100
SLEEP = (IMAGE, "/bin/sleep", "1000")


class Client(Orders):
    """Connects to the test's server when told to, in a container or in a pod's."""

    def __init__(self, case, name, pod=None):
        super().__init__(case, name, case.sandbox.folder)
        self.case = case
        arguments = ("-v", f"{self.folder}:/orders", IMAGE, *IN_CONTAINER)
        if pod is None:
            self.id = case.podman.run_detached(name, *arguments)
        else:
            self.id = case.podman.run_in_pod(pod, name, *arguments)

    def connect(self, times):
        self.order("connect", "127.0.0.1", self.case.port, times, SIZE)


class PodmanTest(LoggedTestCase):
    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs("conmon", "gcc", "ip", "nsenter", "podman", "runc", "setpriv", "unshare")
        troupe_path()
        cls.sandbox = Sandbox()
        cls.podman = Podman(cls.sandbox)
        cls.addClassCleanup(cls.podman.remove_cgroups)  # After the sandbox is closed.
        cls.addClassCleanup(cls.sandbox.close)
        try:
            cls.podman.load_image()
            cls.podman.start()
            cls.addClassCleanup(cls.podman.stop)
            cls.port = free_port()
            cls.programs = cls.sandbox.folder / "programs"
            cls.start_server()
        except BaseException:
            print_logs(cls.sandbox)
            raise

    @classmethod
    def start_server(cls):
        cls.programs.mkdir()
        compile_programs(PROGRAMS, cls.programs)
        server = Child("server", cls.sandbox.inside([cls.programs / "tcp_server", cls.port, SIZE]),
                       cls.sandbox.logs)
        cls.addClassCleanup(server.stop)
        wait_until(lambda: "listening" in server.stdout(), 10, "the server to listen")

    def setUp(self):
        if not self.podman.child.running():
            self.podman.start()
        self.addCleanup(self.podman.remove_all)

    def sockets(self):
        absent = self.sandbox.folder / "absent.sock"
        return ["--docker-socket", absent, "--containerd-socket", absent, "--cri-socket", absent,
                "--podman-socket", self.podman.socket]

    def start_agent(self):
        agent = Agent(self.sandbox.logs, docker_socket=None, containerd_socket=None)
        agent.options = [*agent.options[:2], *self.sockets(), "--services=false"]
        self.addCleanup(lambda: agent.child and agent.child.stop())
        return agent.start()

    def list(self, *options):
        """container id -> what `troupe list` says of podman's containers."""
        done = run_troupe("list", "-o", "json", *self.sockets(), *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row["container_id"]: row for row in json.loads(done.stdout)
                if row["runtime"] == "podman"}

    def wait_for_connects(self, agent, expected):
        """Exactly so many of each, and nobody else in podman has any."""
        metrics = agent.wait_for(
            lambda m: all(outbound(m, "bytes_received_total", name) >= count * SIZE
                          for name, count in expected.items()), 20, f"connects {expected}")
        found = {labels["container_id"]: value for labels, value in
                 metrics.series("container_net_tcp_successful_connects_total")
                 if labels["container_id"].startswith("/podman/")}
        self.assertEqual(found, expected)

    def test_a_container_and_a_pod(self):
        agent = self.start_agent()
        single = Client(self, "single")
        pod = self.podman.create_pod("shop")
        cart, web = Client(self, "cart", "shop"), Client(self, "web", "shop")
        for client, times in ((single, 3), (cart, 5), (web, 7)):
            client.connect(times)
        self.wait_for_connects(agent, {"/podman/single": 3, "/podman/shop/cart": 5,
                                       "/podman/shop/web": 7})
        rows = self.list()
        self.assertEqual({name: row["runtime_id"] for name, row in rows.items()},
                         {"/podman/single": single.id, "/podman/shop/cart": cart.id,
                          "/podman/shop/web": web.id})  # And no infra container.
        for client in (single, cart, web):
            row = next(row for row in rows.values() if row["runtime_id"] == client.id)
            self.assertEqual((row["name"], row["state"], row["pid"], row["image"]),
                             (client.name, "running",
                              self.podman.inspect(client.name)["State"]["Pid"],
                              f"localhost/{IMAGE}"))
        self.assertEqual(self.podman.inspect("cart")["Pod"], pod)

    def test_states_and_the_exit_code(self):
        self.podman.run_detached("done", IMAGE, "/bin/exit_with", "7")
        self.podman.run_detached("frozen", *SLEEP)
        self.podman.podman("create", "--name", "later", "--network", "host", *SLEEP)
        self.podman.podman("pause", "frozen")
        self.addCleanup(self.podman.podman, "unpause", "frozen", check=False)
        wait_until(lambda: self.list("--all").get("/podman/done", {}).get("state") == "exited", 10,
                   "the container to exit")
        rows = self.list("--all")
        self.assertEqual({name: (row["state"], row["exit_code"]) for name, row in rows.items()},
                         {"/podman/done": ("exited", 7), "/podman/frozen": ("paused", None),
                          "/podman/later": ("created", None)})
        self.assertEqual(set(self.list()), {"/podman/frozen"})

    def test_events_of_a_life(self):
        events = LifeEvents(self.sandbox.logs, *self.sockets(), "--source", "runtime")
        self.addCleanup(events.stop)
        self.podman.run_detached("live", *SLEEP)
        self.podman.podman("exec", "live", "/bin/exit_with", "3", check=False)
        for verb in ("pause", "unpause", "kill"):
            self.podman.podman(verb, "live")

        def told():
            return events.of("/podman/live")

        wait_until(lambda: any(x["event"] == "exited" for x in told()), 10,
                   lambda: f"the exit; so far: {[x['event'] for x in told()]}")
        self.assertEqual([x["event"] for x in told()],
                         ["created", "started", "exec", "exec_exited", "paused", "resumed",
                          "exited"])
        self.assertEqual([x["exit_code"] for x in told() if x["event"].endswith("exited")],
                         [3, 137])

    def test_renamed_while_it_runs(self):
        agent = self.start_agent()
        client = Client(self, "before")
        client.connect(2)
        self.wait_for_connects(agent, {"/podman/before": 2})
        self.podman.podman("rename", "before", "after")
        agent.wait_for(lambda m: "/podman/after" in m.label_values(
            "container_info", "container_id"), 10, "the new name")
        self.assertEqual(set(self.list()), {"/podman/after"})

    def test_the_service_crashes_and_comes_back(self):
        agent = self.start_agent()
        self.podman.create_pod("shop")
        client = Client(self, "cart", "shop")
        client.connect(2)
        self.wait_for_connects(agent, {"/podman/shop/cart": 2})
        self.podman.kill()
        client.connect(3)
        self.wait_for_connects(agent, {"/podman/shop/cart": 5})
        self.podman.start()
        later = Client(self, "later")
        later.connect(4)
        client.connect(1)
        self.wait_for_connects(agent, {"/podman/shop/cart": 6, "/podman/later": 4})

    def test_without_a_service(self):
        """conmon's command line and the bundle tell who a container is."""
        self.podman.stop()
        agent = self.start_agent()
        self.podman.create_pod("shop")
        single, cart = Client(self, "single"), Client(self, "cart", "shop")
        single.connect(3)
        cart.connect(5)
        self.wait_for_connects(agent, {"/podman/single": 3, "/podman/shop/cart": 5})
        rows = self.list()
        self.assertEqual({name: row["runtime_id"] for name, row in rows.items()},
                         {"/podman/single": single.id, "/podman/shop/cart": cart.id})
        self.podman.start()
        single.connect(1)
        self.wait_for_connects(agent, {"/podman/single": 4, "/podman/shop/cart": 5})


if __name__ == "__main__":
    unittest.main()
