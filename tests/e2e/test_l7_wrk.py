# SPDX-License-Identifier: Apache-2.0
"""wrk on nginx with all cores at work: the client's count is wrk's own, and nothing is lost."""

import pathlib
import re
import shutil
import tempfile
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.host_programs import WORK, HostPrograms
from tests.e2e.harness.nginx import nginx_configuration

PORT = 8080
SECONDS = 30
CONNECTIONS = 32
REQUESTS = "container_http_requests_total"
INBOUND_REQUESTS = "container_http_inbound_requests_total"
# One connection after the other asks for these, in this order.
SCRIPT = """
local paths = {"/page", "/page", "/nothing", "/page", "/busy"}
local made = 0
request = function()
  made = made + 1
  return wrk.format("GET", paths[made % #paths + 1])
end
"""


class L7Wrk(RuntimeTestCase):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="l7-", dir=self.sandbox.folder))
        (folder / "files").mkdir()
        (folder / "files" / "page").write_text("x" * 600)
        (folder / "nginx.conf").write_text(nginx_configuration(PORT))
        (folder / "paths.lua").write_text(SCRIPT)
        self.server = HostPrograms(self, f"server-{self.sandbox.folder.name}", folder)
        self.client = HostPrograms(self, f"client-{self.sandbox.folder.name}", folder)
        self.server.start("/usr/sbin/nginx", "-c", f"{WORK}/nginx.conf", "-p", "/tmp")
        self.server.wait_for_port(PORT)

    def _wrk(self, seconds, path, *options):
        """How many answers wrk has read to their end."""
        said = self.client.run("/usr/bin/wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", *options,
                               f"http://{self.server.address}:{PORT}{path}", seconds=seconds + 30)
        self.assertNotIn("Socket errors", said)
        return int(re.search(r"(\d+) requests in", said)[1])

    def _by_status(self, metrics, family, container):
        return {labels["status"]: value for labels, value in
                metrics.series(family, container_id=container.container_id)}

    def _check(self, agent, answered, statuses):
        metrics = agent.wait_for(
            lambda m: m.value(REQUESTS, container_id=self.client.container_id) >= answered, 20,
            f"{answered} requests of the client")
        by_client = self._by_status(metrics, REQUESTS, self.client)
        by_server = self._by_status(metrics, INBOUND_REQUESTS, self.server)
        self.assertEqual(set(by_client), statuses)
        self.assertEqual(sum(by_client.values()), answered)
        # What was under way on each connection when wrk stopped is the server's alone.
        self.assertEqual(set(by_server), statuses)
        beyond = sum(by_server.values()) - answered
        self.assertTrue(0 <= beyond <= CONNECTIONS, beyond)
        self.assert_nothing_lost(metrics)

    def test_wrk_for_half_a_minute(self):
        agent = self.start_agent("--l7")
        answered = self._wrk(SECONDS, "/page")
        self._check(agent, answered, {"200"})

    def test_several_statuses(self):
        agent = self.start_agent("--l7")
        answered = self._wrk(5, "/", "-s", f"{WORK}/paths.lua")
        self._check(agent, answered, {"200", "404", "503"})


if __name__ == "__main__":
    unittest.main()
