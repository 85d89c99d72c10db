# SPDX-License-Identifier: Apache-2.0
"""The idle agent is small: its memory and that of its BPF maps (DESIGN: budgets)."""

import contextlib
import sys
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import IMAGE
from tests.e2e.harness.memory import bpf_map_bytes, resident_bytes
from tests.e2e.harness.waiting import DeadlineExceeded, wait_until

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
        maps = bpf_map_bytes(agent.child.pid) / 1e6

        def resident():
            return resident_bytes(agent.child.pid) / 1e6

        # A moment after the start it gives back what only the start needed.
        with contextlib.suppress(DeadlineExceeded):
            wait_until(lambda: resident() + maps <= BUDGET_MEGABYTES, 10, "memory given back")
        held = resident()
        print(f"idle agent: {held:.1f} MB resident + {maps:.1f} MB of BPF maps, "
              f"budget {BUDGET_MEGABYTES} MB", file=sys.stderr)
        self.assertGreater(maps, 0)
        self.assertLessEqual(held + maps, BUDGET_MEGABYTES)


if __name__ == "__main__":
    unittest.main()
