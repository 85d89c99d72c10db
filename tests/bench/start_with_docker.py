# SPDX-License-Identifier: Apache-2.0
"""From exec to /readyz beside 200 containers of a real dockerd, and until all have their names."""

import concurrent.futures
import time

from tests.bench.figures import Figure
from tests.e2e.harness import images
from tests.e2e.harness.daemons import Containerd, Dockerd
from tests.e2e.harness.sandbox import Sandbox
from tests.e2e.harness.troupe_agent import Agent
from tests.e2e.harness.waiting import wait_until

CONTAINERS = 200
AT_ONCE = 4
STARTS = 7


def measure(setting):
    sandbox = Sandbox()
    try:
        containerd = Containerd(sandbox)
        containerd.start()
        dockerd = Dockerd(sandbox, containerd)
        dockerd.start()
        images.load_into_docker(dockerd, sandbox.folder)
        names = [f"bench-{number}" for number in range(CONTAINERS)]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: dockerd.run_detached(
                name, "--network", "none", images.IMAGE, "/bin/sleep", "infinity"), names))
        starts = [_start(sandbox, dockerd, containerd, names)
                  for _ in range(setting.repeats(STARTS))]
    finally:
        sandbox.close()
    ready, named = zip(*starts)
    return [Figure(f"start to ready, {CONTAINERS} docker containers", "s", list(ready), 0.5),
            Figure("  until all are exported under their names", "s", list(named), 0.5)]


def _start(sandbox, dockerd, containerd, names):
    wanted = {f"/docker/{name}" for name in names}
    begin = time.monotonic()
    agent = Agent(sandbox.logs, docker_socket=dockerd.socket,
                  containerd_socket=containerd.socket).start()
    ready = time.monotonic() - begin
    wait_until(lambda: wanted <= agent.scrape().label_values("container_info", "container_id"),
               20, "all names")
    named = time.monotonic() - begin
    agent.terminate()
    return ready, named
