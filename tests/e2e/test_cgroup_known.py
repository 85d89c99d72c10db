# SPDX-License-Identifier: Apache-2.0
"""Who is known by a cgroup's path alone: LXC, nspawn, and users' slices where they are wanted."""

import contextlib
import datetime
import json
import unittest

from tests.e2e.harness.case import LoggedTestCase
from tests.e2e.harness.cgroup_containers import ENTER, hierarchy
from tests.e2e.harness.processes import Child
from tests.e2e.harness.sandbox import Sandbox, require_programs, require_root
from tests.e2e.harness.troupe_agent import Agent, run_troupe
from tests.e2e.harness.waiting import wait_until

NAMED_SECONDS = 15


class KnownByCgroup(LoggedTestCase):
    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs("setpriv")
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)

    def run_in(self, path):
        """A process in a cgroup of this path; its pid."""
        folder = hierarchy() / path
        made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        folder.mkdir(parents=True)
        self.addCleanup(lambda: wait_until(lambda: remove(made), 10, f"{folder} to be removed"))
        child = Child("sleeper", [*ENTER, folder / "cgroup.procs", "sleep", "1000"],
                      self.sandbox.logs)
        self.addCleanup(child.kill)
        wait_until(lambda: (folder / "cgroup.procs").read_text().split() == [str(child.pid)], 10,
                   f"a process in {folder}")
        return child.pid

    def listed(self, *options):
        done = run_troupe("list", "-o", "json", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row["container_id"]: row for row in json.loads(done.stdout)}

    def test_a_listing_has_state_process_and_start(self):
        begun = datetime.datetime.now(datetime.timezone.utc)
        pids = {"/lxc/troupe-e2e": self.run_in("lxc.payload.troupe-e2e/init.scope"),
                "/machine/troupe-e2e":
                    self.run_in("machine.slice/machine-troupe\\x2de2e.scope/payload")}
        rows = self.listed()
        for container_id, pid in pids.items():
            row = rows[container_id]
            self.assertEqual((row["state"], row["pid"]), ("running", pid))
            started = datetime.datetime.fromisoformat(row["started"][:26] + "+00:00")
            self.assertLess(abs((started - begun).total_seconds()), 5)

    def test_users_slices_are_listed_and_exported_where_they_are_wanted(self):
        session = "/user.slice/user-54321.slice"
        self.run_in("lxc.payload.troupe-e2e/init.scope")  # So that there is something to list.
        pid = self.run_in("user.slice/user-54321.slice/session-7.scope")
        self.run_in("user.slice/user-54321.slice/user@54321.service/app.slice/dbus.service")
        self.assertNotIn(session, self.listed())
        self.assertEqual(self.listed("--services")[session]["pid"], pid)

        for option, there in (("--sessions=true", 1), ("--sessions=false", 0)):
            agent = Agent(self.sandbox.logs, docker_socket=None, containerd_socket=None,
                          options=(option,))
            self.addCleanup(lambda agent=agent: agent.child and agent.child.stop())
            metrics = agent.start().scrape()
            self.assertEqual(len(metrics.series("container_info", container_id=session)), there)
            agent.child.stop()


def remove(folders):
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            try:
                folder.rmdir()
            except OSError:
                return False
    return True


if __name__ == "__main__":
    unittest.main()
