# SPDX-License-Identifier: Apache-2.0
"""The idle agent is small: its memory and that of its BPF maps (DESIGN: budgets)."""

import sys
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.memory import bpf_map_bytes, resident_bytes

BUDGET_MEGABYTES = 30
CONTAINERS = 5
SCRAPES = 20


class Memory(RuntimeTestCase):
    def test_the_idle_agent_is_within_its_budget(self):
        for i in range(CONTAINERS):
            self.run_server(f"idle-{i}", IMAGE, "/bin/sleep", "1000")
        agent = self.start_agent()
        agent.wait_for(lambda m: len({name for name in m.label_values("container_info",
                                                                      "container_id")
                                      if name.startswith("/docker/idle-")}) == CONTAINERS,
                       15, f"{CONTAINERS} containers")
        # What scrapes allocate once belongs to an idle agent, too.
        for _ in range(SCRAPES):
            agent.scrape_text()
        resident = resident_bytes(agent.child.pid) / 1e6
        maps = bpf_map_bytes(agent.child.pid) / 1e6
        print(f"idle agent: {resident:.1f} MB resident + {maps:.1f} MB of BPF maps, "
              f"budget {BUDGET_MEGABYTES} MB", file=sys.stderr)
        self.assertGreater(maps, 0)
        self.assertLessEqual(resident + maps, BUDGET_MEGABYTES)


if __name__ == "__main__":
    unittest.main()
