# SPDX-License-Identifier: Apache-2.0
"""troupe events: the life of containers, exactly, as the kernel shows it and as runtimes tell it."""

import concurrent.futures
import multiprocessing
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.images import CONTAINERD_IMAGE, IMAGE
from tests.e2e.harness.life_events import LifeEvents, nanoseconds
from tests.e2e.harness.troupe_agent import run_troupe
from tests.e2e.harness.waiting import wait_until

MILLISECOND = 1_000_000
LATENCY_NS = 100 * MILLISECOND
CONTAINERS = 200
AT_ONCE = 4
NOBODY = ("--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all")


class EventsTestCase(RuntimeTestCase):
    def start_events(self, *options, user=()):
        events = LifeEvents(self.sandbox.logs, "--docker-socket", self.dockerd.socket,
                            "--containerd-socket", self.containerd.socket, *options, user=user)
        self.addCleanup(events.stop)
        return events

    def finish(self, events):
        code, talk = events.finish()
        self.assertEqual(code, 0, talk)
        self.assertNotIn("lost", talk)

    def assert_prompt(self, events):
        """Each line came within 100 ms of what it tells."""
        late = [((e["read_ns"] - nanoseconds(e["time"])) // MILLISECOND, e) for e in events
                if e["read_ns"] - nanoseconds(e["time"]) > LATENCY_NS]
        self.assertEqual(late, [])

    def assert_told_by_both(self, kernel, runtime, name):
        """The pair's later row has the delay, which is that of the runtime, and is small."""
        ours, theirs = ([e for e in events if e["event"] == name] for events in (kernel, runtime))
        self.assertEqual(len(ours), len(theirs))
        for first, second in zip(ours, theirs):
            delays = [e["delay_ns"] for e in (first, second) if e["delay_ns"] is not None]
            self.assertEqual(len(delays), 1, (first, second))
            self.assertLess(abs(delays[0]), 1000 * MILLISECOND)
            # The kernel's row waits for nothing; that of a runtime was read when it came.
            heard = nanoseconds(first["time"]) + delays[0]
            self.assertLessEqual(heard, second["read_ns"])


class DockerLife(EventsTestCase):
    def _removed(self, *names):
        self.addCleanup(self.dockerd.docker, "rm", "-f", *names, check=False)

    def test_a_whole_life(self):
        events = self.start_events()
        docker = self.dockerd.docker
        self._removed("life", "later")
        docker("create", "--name", "life", IMAGE, "/bin/sleep", "1000")
        events.wait_for("/docker/life", "runtime", "created")
        self.assertEqual(events.of("/docker/life", "kernel"), [])
        docker("start", "life")
        kernel = events.wait_for("/docker/life", "kernel", "created", "started")
        pid = self.dockerd.inspect("life")["State"]["Pid"]
        self.assertEqual([e["pid"] for e in kernel], [None, pid])
        self.assertEqual(kernel[1]["command"], "/bin/sleep 1000")
        docker("exec", "life", "/bin/exit_with", "5", check=False)
        kernel = events.wait_for("/docker/life", "kernel", "created", "started", "exec",
                                 "exec_exited")
        self.assertEqual(kernel[2]["command"], "/bin/exit_with 5")
        self.assertEqual([e["exit_code"] for e in kernel], [None, None, None, 5])
        self.assertEqual(kernel[2]["pid"], kernel[3]["pid"])
        docker("pause", "life")
        docker("unpause", "life")
        runtime = events.wait_for("/docker/life", "runtime", "created", "started", "exec",
                                  "exec_exited", "paused", "resumed")
        self.assertEqual(runtime[2]["command"], "/bin/exit_with 5")
        self.assertEqual(runtime[3]["exit_code"], 5)
        for name in ("created", "started", "exec", "exec_exited"):
            self.assert_told_by_both(kernel, runtime, name)
        self._end_of_life(events)
        self.assert_prompt(events.of("/docker/life") + events.of("/docker/later"))
        self.finish(events)

    def _end_of_life(self, events):
        docker = self.dockerd.docker
        docker("rename", "life", "later")
        events.wait_for("/docker/later", "runtime", "renamed")
        docker("kill", "later")
        kernel = events.wait_for("/docker/later", "kernel", "exited", "gone")
        runtime = events.wait_for("/docker/later", "runtime", "renamed", "exited")
        for exited in (kernel[0], runtime[1]):
            self.assertEqual(exited["exit_code"], 137)
            self.assertIs(exited["oom"], False)
        self.assertEqual(kernel[0]["signal"], 9)
        self.assert_told_by_both(kernel, runtime, "exited")
        docker("rm", "later")
        events.wait_for("/docker/later", "runtime", "renamed", "exited", "removed")

    def test_out_of_memory(self):
        events = self.start_events()
        self._removed("greedy")
        self.dockerd.docker("run", "--name", "greedy", "--memory", "16m", "--memory-swap", "16m",
                            IMAGE, "/bin/oom", "64", check=False)
        kernel = events.wait_for("/docker/greedy", "kernel", "created", "started", "oom", "exited",
                                 "gone")
        # containerd does not always hear of it in time, so docker may not know.
        docker_knows = self.dockerd.inspect("greedy")["State"]["OOMKilled"]
        told = ("created", "started", *(("oom",) if docker_knows else ()), "exited")
        runtime = events.wait_for("/docker/greedy", "runtime", *told)
        for exited, oom in ((kernel[3], True), (runtime[-1], docker_knows)):
            self.assertEqual(exited["exit_code"], 137)
            self.assertIs(exited["oom"], oom)
        self.assertEqual(kernel[2]["pid"], kernel[1]["pid"])
        for name in ("oom", "exited") if docker_knows else ("exited",):
            self.assert_told_by_both(kernel, runtime, name)
        self.assert_prompt(kernel[2:] + runtime)
        self.finish(events)

    def test_a_restart_policy(self):
        events = self.start_events()
        self._removed("again")
        self.dockerd.docker("run", "-d", "--name", "again", "--restart", "on-failure:2", IMAGE,
                            "/bin/exit_with", "3")
        once = ("created", "started", "exited", "gone")
        kernel = events.wait_for("/docker/again", "kernel", *once, *once, *once)
        runtime = events.wait_for("/docker/again", "runtime", "created", *3 * ("started", "exited"))
        for told in (kernel, runtime):
            self.assertEqual([e["exit_code"] for e in told if e["event"] == "exited"], [3, 3, 3])
        for name in ("started", "exited"):
            self.assert_told_by_both(kernel, runtime, name)
        self.finish(events)

    def test_a_program_that_is_not_there_never_started(self):
        events = self.start_events()
        self._removed("absent")
        self.dockerd.docker("run", "--name", "absent", IMAGE, "/bin/no_such_program", check=False)
        events.wait_for("/docker/absent", "kernel", "created", "gone")
        self.assertNotIn("started", [e["event"] for e in events.of("/docker/absent", "runtime")])
        self.finish(events)

    def test_only_what_was_asked_for(self):
        exits = self.start_events("--event", "exited", "-c", "chosen")
        kernel = self.start_events("--source", "kernel")
        runtime = self.start_events("--source", "runtime")
        for name in ("chosen", "other"):
            self.dockerd.docker("run", "--rm", "--name", name, IMAGE, "/bin/true")
        kernel.wait_for("/docker/other", "kernel", "created", "started", "exited", "gone")
        runtime.wait_for("/docker/other", "runtime", "created", "started", "exited", "removed")
        wait_until(lambda: len(exits.all()) == 2, 10, "an exit from each source")
        self.assertEqual(sorted((e["source"], e["event"], e["container_id"]) for e in exits.all()),
                         [(x, "exited", "/docker/chosen") for x in ("kernel", "runtime")])
        self.assertEqual({e["source"] for e in kernel.all()}, {"kernel"})
        self.assertEqual({e["source"] for e in runtime.all()}, {"runtime"})
        for events in (exits, kernel, runtime):
            self.finish(events)

    def test_a_container_that_is_older_than_the_stream(self):
        self._removed("older")
        self.dockerd.run_detached("older", IMAGE, "/bin/sleep", "1000")
        events = self.start_events("-c", "older")
        self.dockerd.docker("exec", "older", "/bin/true")
        events.wait_for("/docker/older", "kernel", "exec", "exec_exited")
        self.dockerd.docker("kill", "older")
        kernel = events.wait_for("/docker/older", "kernel", "exec", "exec_exited", "exited", "gone")
        self.assertEqual(kernel[2]["exit_code"], 137)
        self.finish(events)


class ContainerdLife(EventsTestCase):
    def _ctr(self, *arguments, check=True):
        return self.containerd.ctr("-n", "ns1", *arguments, check=check)

    def test_a_whole_life(self):
        events = self.start_events()
        name = "/containerd/ns1/plain"

        def remove():
            self._ctr("task", "rm", "-f", "plain", check=False)
            self._ctr("container", "rm", "plain", check=False)

        self.addCleanup(remove)
        self._ctr("run", "-d", CONTAINERD_IMAGE, "plain", "/bin/sleep", "1000")
        self._ctr("task", "exec", "--exec-id", "e1", "plain", "/bin/exit_with", "5", check=False)
        self._ctr("task", "pause", "plain")
        self._ctr("task", "resume", "plain")
        self._ctr("task", "kill", "-s", "KILL", "plain")
        kernel = events.wait_for(name, "kernel", "created", "started", "exec", "exec_exited",
                                 "exited")
        told = ("created", "started", "exec", "exec_exited", "paused", "resumed", "exited")
        runtime = events.wait_for(name, "runtime", *told)
        self.assertEqual([kernel[i]["exit_code"] for i in (3, 4)], [5, 137])
        self.assertEqual([runtime[i]["exit_code"] for i in (3, 6)], [5, 137])
        self.assertEqual([kernel[i]["pid"] for i in (1, 2)], [runtime[i]["pid"] for i in (1, 2)])
        for event in ("created", "started", "exec", "exec_exited", "exited"):
            self.assert_told_by_both(kernel, runtime, event)
        remove()
        kernel = events.wait_for(name, "kernel", "created", "started", "exec", "exec_exited",
                                 "exited", "gone")
        runtime = events.wait_for(name, "runtime", *told, "removed")
        self.assert_prompt(kernel[2:] + runtime[2:])
        self.finish(events)


class RuntimeRestarts(EventsTestCase):
    def test_what_a_runtime_could_not_tell_is_said(self):
        events = self.start_events()
        self.dockerd.kill()
        wait_until(lambda: str(self.dockerd.socket) in events.talk(), 15, "docker to be missed")
        self.dockerd.start()
        self.dockerd.docker("run", "--rm", "--name", "after", IMAGE, "/bin/true")
        events.wait_for("/docker/after", "kernel", "created", "started", "exited", "gone")
        events.wait_for("/docker/after", "runtime", "created", "started", "exited", "removed")
        code, talk = events.finish()
        self.assertEqual(code, 4, talk)
        self.assertIn("stopped_answering", talk)


class WithoutOneOfThem(EventsTestCase):
    def test_without_root_the_runtimes_are_asked(self):
        self.dockerd.socket.chmod(0o666)
        self.sandbox.folder.chmod(0o755)
        events = self.start_events(user=NOBODY)
        self.assertIn("going on with what the runtimes tell", events.talk())
        self.dockerd.docker("run", "--rm", "--name", "seen", IMAGE, "/bin/true")
        events.wait_for("/docker/seen", "runtime", "created", "started", "exited", "removed")
        self.assertEqual({e["source"] for e in events.all()}, {"runtime"})
        self.finish(events)

    def test_without_a_runtime_the_kernel_is_enough(self):
        events = LifeEvents(self.sandbox.logs, "--runtimes-off")
        self.addCleanup(events.stop)
        container = self.dockerd.run_detached("unnamed", "--rm", IMAGE, "/bin/exit_with", "4")
        kernel = events.wait_for(f"/docker/{container[:12]}", "kernel", "created", "started",
                                 "exited", "gone")
        self.assertEqual(kernel[2]["exit_code"], 4)
        self.finish(events)

    def test_with_neither_there_is_nothing_to_show(self):
        self.assertEqual(run_troupe("events", "--source", "runtime", "--runtimes-off").returncode,
                         2)


def _burn(stop):
    while not stop.is_set():
        sum(range(10_000))


class UnderLoad(EventsTestCase):
    def _load_the_machine(self):
        stop = multiprocessing.Event()
        burners = [multiprocessing.Process(target=_burn, args=(stop,), daemon=True)
                   for _ in range(multiprocessing.cpu_count())]
        for process in burners:
            process.start()

        def end():
            stop.set()
            for process in burners:
                process.join(10)

        self.addCleanup(end)

    def test_200_containers_have_200_lives(self):
        events = self.start_events()
        self._load_the_machine()
        names = [f"short-{i}" for i in range(CONTAINERS)]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: self.dockerd.docker("run", "--rm", "--name", name, IMAGE,
                                                           "/bin/true"), names))
        lives = {"kernel": ["created", "started", "exited", "gone"],
                 "runtime": ["created", "started", "exited", "removed"]}
        for source, life in lives.items():
            for name in names:
                told = events.wait_for(f"/docker/{name}", source, *life, seconds=30)
                self.assertEqual(told[2]["exit_code"], 0)
        ours = {e["runtime_id"] for name in names for e in events.of(f"/docker/{name}")}
        self.assertEqual(len(ours), CONTAINERS)
        elsewhere = [e for e in events.all() if e["runtime_id"] in ours
                     and not e["container_id"].startswith("/docker/short-")]
        self.assertEqual(elsewhere, [])
        self.finish(events)


if __name__ == "__main__":
    unittest.main()
