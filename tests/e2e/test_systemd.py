# SPDX-License-Identifier: Apache-2.0
"""Units of a real systemd: what it says of them is in the listing and in container_info."""

import json
import unittest

from tests.e2e.harness.booted_systemd import BootedSystemd
from tests.e2e.harness.case import LoggedTestCase
from tests.e2e.harness.processes import Child, run
from tests.e2e.harness.sandbox import Sandbox, require_programs, require_root
from tests.e2e.harness.troupe_agent import (READY_SECONDS, Agent, clean_environment,
                                             troupe_path)
from tests.e2e.harness.waiting import wait_until

WEB = "/system.slice/web.service"
TICK = "/system.slice/tick.service"
UNITS = {
    "web.service": """Description=A web server
[Service]
Type=exec
ExecStart=sleep 1000
Restart=on-failure
RestartSec=10ms
TasksMax=77
Environment=SECRET=hidden
""",
    "tick.service": """
[Service]
ExecStart=sleep 1000
""",
    "tick.timer": """
[Timer]
OnActiveSec=1
""",
}


class AgentBesideSystemd(Agent):
    """The agent in the namespaces in which systemd thinks that it has booted the machine."""

    def __init__(self, logs, systemd):
        super().__init__(logs, docker_socket=None, containerd_socket=None,
                         options=("--cgroup-root", "/sys/fs/cgroup"))
        self.options.remove("--runtimes-off")
        self._systemd = systemd

    def start(self):
        self.child = Child("agent", self._systemd.inside(troupe_path(), "agent", *self.options),
                           self.logs, env=clean_environment())
        wait_until(self.ready, READY_SECONDS, "/readyz to say yes")
        return self


class SystemdUnits(LoggedTestCase):
    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs("nsenter", "systemctl", "unshare")
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        cls.systemd = BootedSystemd(cls.sandbox.logs, cls.sandbox.folder, UNITS,
                                    ["web.service", "tick.timer"])
        cls.addClassCleanup(cls.systemd.end)
        # Before any agent: the kernel tells it of later cgroups by paths that begin above systemd's.
        wait_until(lambda: cls.systemd.systemctl("is-active", "tick.service", check=False)
                   .stdout.strip() == "active", 20, "tick.service to be started by its timer")

    def list(self, *options):
        command = self.systemd.inside(troupe_path(), "list", "-o", "json", *options)
        done = run(command, check=False, seconds=30, env=clean_environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row["container_id"]: row for row in json.loads(done.stdout)}

    def test_a_listing_has_what_systemd_says(self):
        shown = self.systemd.show("web.service", "MainPID", "NRestarts")
        rows = self.list("--services")
        self.assertEqual(len([row for row in rows.values() if row["name"] == "web.service"]), 1)
        web = rows[WEB]
        self.assertEqual(web["runtime"], "systemd")
        self.assertEqual(web["state"], "running")
        self.assertEqual(web["pid"], int(shown["MainPID"]))
        self.assertEqual(web["restarts"], int(shown["NRestarts"]))
        self.assertTrue(web["started"])

    def test_units_are_listed_only_where_they_are_asked_for(self):
        done = run(self.systemd.inside(troupe_path(), "list", "-o", "json"), check=False,
                   seconds=30, env=clean_environment())
        self.assertNotIn(WEB, done.stdout)

    def test_the_agent_knows_types_triggers_and_restarts(self):
        agent = AgentBesideSystemd(self.sandbox.logs, self.systemd)
        self.addCleanup(lambda: agent.child and agent.child.stop())
        agent.start()
        agent.wait_for(lambda m: m.series("container_info", container_id=WEB, systemd_type="exec",
                                          systemd_triggered_by=""), 20, "web.service's type")
        agent.wait_for(lambda m: m.series("container_info", container_id=TICK,
                                          systemd_type="simple",
                                          systemd_triggered_by="tick.timer"),
                       20, "tick.service's trigger")

    def test_a_listing_shows_a_restart(self):
        before = self.systemd.show("web.service", "MainPID", "NRestarts")
        self.systemd.systemctl("kill", "--signal=SEGV", "web.service")

        def restarted():
            web = self.list("--services").get(WEB)
            return web and web["restarts"] == int(before["NRestarts"]) + 1 and web["pid"]

        pid = wait_until(restarted, 20, "the restart to be listed")
        self.assertNotEqual(pid, int(before["MainPID"]))


if __name__ == "__main__":
    unittest.main()
