# SPDX-License-Identifier: Apache-2.0
"""Workloads by owner references, from a pod list over HTTPS; and what happens without it."""

import unittest

from tests.e2e.harness.case import LoggedTestCase
from tests.e2e.harness.cgroup_containers import CgroupContainer, remove_parent
from tests.e2e.harness.pod_api import PodApi, make_certificates, owner
from tests.e2e.harness.sandbox import Sandbox, require_programs, require_root
from tests.e2e.harness.simulated_docker import SimulatedDocker
from tests.e2e.harness.troupe_agent import Agent
from tests.e2e.harness.waiting import wait_until

NAMED_SECONDS = 15


class KubernetesWorkloads(LoggedTestCase):
    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs("openssl", "setpriv")
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        cls.ca, cls.certificate, cls.key = make_certificates(cls.sandbox.folder)

    def setUp(self):
        self.token = self.sandbox.folder / "token"
        self.token.write_text("first\n")
        self.docker = SimulatedDocker(self.sandbox.folder / "docker.sock")
        self.addCleanup(self.docker.close)
        self.addCleanup(remove_parent)
        self.api = PodApi(self.certificate, self.key, "first")
        self.addCleanup(self.api.close)
        self.api.add("shop", "cart-0", owner("ReplicaSet", "shopping-cart-77d"),
                     **{"pod-template-hash": "77d"})
        self.api.add("shop", "night-0", owner("Job", "night-28901234"))
        self.api.add("shop", "by-hand-0")

    def run_pod(self, pod):
        container = CgroupContainer()
        self.addCleanup(container.end)
        child = container.start("sleep", "1000")
        self.docker.add(container.id, f"k8s_app_{pod}", child.pid,
                        {"io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.name": pod,
                         "io.kubernetes.container.name": "app"})

    def start_agent(self, *options, ca=None):
        agent = Agent(self.sandbox.logs, docker_socket=self.docker.path,
                      containerd_socket=self.sandbox.folder / "absent.sock",
                      options=("--workloads-url", self.api.url, "--workloads-token-file",
                               self.token, "--workloads-ca-file", ca or self.ca,
                               "--workloads-interval", "1s", *options))
        self.addCleanup(lambda: agent.child and agent.child.stop())
        return agent.start()

    def wait_for_app(self, agent, pod, app):
        """The container is in one series, under this workload."""
        container_id = f"/k8s/shop/{pod}/app"
        metrics = agent.wait_for(
            lambda m: m.series("container_info", container_id=container_id, app_id=app),
            NAMED_SECONDS, f"{container_id} to be of {app}")
        self.assertEqual(len(metrics.series("container_info", container_id=container_id)), 1)

    def test_owner_references_go_before_names(self):
        self.run_pod("cart-0")
        self.run_pod("night-0")
        agent = self.start_agent()
        self.wait_for_app(agent, "cart-0", "/k8s/shop/shopping-cart")
        self.wait_for_app(agent, "night-0", "/k8s-cronjob/shop/night")
        self.run_pod("by-hand-0")
        self.wait_for_app(agent, "by-hand-0", "/k8s/shop/by-hand-0/app")

        # A pod that comes later is renamed when the next list has it.
        self.run_pod("db-7")
        self.wait_for_app(agent, "db-7", "/k8s/shop/db")
        self.api.add("shop", "db-7", owner("StatefulSet", "database"))
        self.wait_for_app(agent, "db-7", "/k8s/shop/database")

    def test_the_token_is_read_again(self):
        agent = self.start_agent()
        wait_until(lambda: self.api.answered > 0, 10, "the first list")
        self.assertEqual(self.api.refused, 0)
        self.api.token = "second"
        wait_until(lambda: self.api.refused > 0, 10, "the old token to be refused")
        self.token.write_text("second\n")
        before = self.api.answered
        wait_until(lambda: self.api.answered > before, 10, "the new token")
        self.assertIn("may list pods", agent.child.stderr())

    def test_who_is_not_signed_for_is_told_nothing(self):
        other = self.sandbox.folder / "other"
        other.mkdir()
        ca, _, _ = make_certificates(other)
        self.run_pod("cart-0")
        agent = self.start_agent(ca=ca)
        wait_until(lambda: "kubernetes_workloads failed" in agent.child.stderr(), 10,
                   "the certificate to be refused")
        self.wait_for_app(agent, "cart-0", "/k8s/shop/cart")
        self.assertEqual((self.api.answered, self.api.refused), (0, 0))
        self.assertNotIn("first", agent.child.stderr())

    def test_insecure_means_any_certificate(self):
        self.run_pod("cart-0")
        agent = self.start_agent(ca="insecure")
        self.wait_for_app(agent, "cart-0", "/k8s/shop/shopping-cart")

    def test_a_server_that_hangs_holds_up_nothing(self):
        self.api.hangs = True
        self.run_pod("cart-0")
        agent = self.start_agent()
        self.wait_for_app(agent, "cart-0", "/k8s/shop/cart")
        wait_until(lambda: self.api.held > 0, 10, "the request")
        self.assertEqual(agent.terminate(), 0)  # Within the time of every other end.


if __name__ == "__main__":
    unittest.main()
