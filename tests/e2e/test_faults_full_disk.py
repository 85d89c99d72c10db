# SPDX-License-Identifier: Apache-2.0
"""The disk is full under `troupe record`: it says so and ends, and what it wrote is good."""

import json
import re
import unittest

from tests.e2e.harness.bare import BareTestCase, Client
from tests.e2e.harness.processes import Child, run
from tests.e2e.harness.sandbox import require_programs
from tests.e2e.harness.troupe_agent import END_SECONDS, clean_environment, run_troupe, \
    runtime_sockets, troupe_path
from tests.e2e.harness.waiting import wait_until

DISK_BYTES = 1 << 20
CONNECTS_BEFORE, CONNECTS_A_ROUND, ROUNDS_MAX = 50, 500, 200


class FullDisk(BareTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        require_programs("mount", "umount")

    def setUp(self):
        super().setUp()
        disk = self.sandbox.folder / "disk"
        disk.mkdir()
        run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", disk])
        self.addCleanup(run, ["umount", disk])
        self.file = disk / "full.rec"

    def test_full_disk_under_record(self):
        recorder = Child("record", [troupe_path(), "record", "-o", self.file, "--services=false",
                                    *runtime_sockets(**self.runtimes())],
                         self.sandbox.logs, env=clean_environment())
        self.addCleanup(recorder.stop)
        wait_until(lambda: "recording to" in recorder.stderr(), 20, "the recording to begin")
        agent = self.start_agent()
        client = Client(self, "writer")
        client.connect(CONNECTS_BEFORE)
        client.wait_for(agent, CONNECTS_BEFORE)
        connects = CONNECTS_BEFORE
        for _ in range(ROUNDS_MAX):
            if not recorder.running():
                break
            client.connect(CONNECTS_A_ROUND)
            connects += CONNECTS_A_ROUND

        self.assertEqual(recorder.wait(END_SECONDS), 1, recorder.stderr())
        complaints = [line for line in recorder.stderr().splitlines()
                      if "No space left on device" in line and line.startswith("troupe record:")]
        self.assertEqual(len(complaints), 1, recorder.stderr())
        self.assertIn(str(self.file), complaints[0])
        self.assertLessEqual(self.file.stat().st_size, DISK_BYTES)
        # Another agent's events are its own.
        metrics = client.wait_for(agent, connects)
        self.assertEqual(metrics.losses(), [])
        written = re.search(r"(\d+) records of \d+ cgroups", recorder.stderr())
        self.check_replay(int(written[1]), connects)

    def check_replay(self, records, connects):
        """All that was written is there, and where it stops is said."""
        done = run_troupe("replay", self.file, "-o", "json")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, f"{re.escape(str(self.file))}: the recording stops .*"
                                      r"at offset \d+; what is before it was used")
        report = json.loads(done.stdout)
        self.assertEqual(report["records"], records)
        containers = {row["container_id"]: row["connects"] for row in report["containers"]}
        self.assertGreaterEqual(containers["/docker/writer"], CONNECTS_BEFORE)
        self.assertLessEqual(containers["/docker/writer"], connects)


del BareTestCase

if __name__ == "__main__":
    unittest.main()
