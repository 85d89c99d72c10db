# SPDX-License-Identifier: Apache-2.0
"""troupe ps and troupe inspect: what docker, the kernel and /proc know of a container, exactly."""

import json
import secrets
import unittest

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.cgroup_containers import CgroupContainer, hierarchy
from tests.e2e.harness.cri import CriContainerd, Pod, cri_pod_path, remove_pod_cgroups
from tests.e2e.harness.images import CONTAINERD_IMAGE, IMAGE
from tests.e2e.harness.processes import run
from tests.e2e.harness.sandbox import Sandbox, require_programs, require_root
from tests.e2e.harness.troupe_agent import (clean_environment, run_troupe, runtime_sockets,
                                            troupe_path)
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.workload import PORT, OrderedClient, start_server

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n\"} 1\\\u009b31m\u202e"
SCRIPT = "/bin/sleep 1000; true"


class Inspected(RuntimeTestCase):
    def sockets(self):
        return runtime_sockets(self.dockerd.socket, self.containerd.socket)

    def ps(self, *options):
        done = run_troupe("ps", "-o", "json", *options, *self.sockets())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def inspect(self, *targets):
        done = run_troupe("inspect", "-o", "json", *targets, *self.sockets())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def refused(self, *arguments):
        """The one line that is said when a command finds nothing."""
        done = run_troupe(*arguments, *self.sockets())
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def assert_harmless(self, text):
        for character in ("\x1b", "\x07", "\r", "\u009b", "\u202e"):
            self.assertNotIn(character, text)


class Processes(Inspected):
    def start_two(self):
        """A shell that waits for its child."""
        self.run_server("two", "-e", "TOKEN=s3cret", "-e", "EMPTY=", IMAGE, "/bin/sh", "-c", SCRIPT)
        wait_until(lambda: len(self.ps("-c", "two")) == 2, 10, "the shell and its child")
        return self.dockerd.inspect("two")["State"]["Pid"]

    def test_exactly_the_container_s_processes_with_an_exec(self):
        pid = self.start_two()
        shell, child = self.ps("-c", "two")
        self.assertEqual(shell["pid"], pid)
        self.assertEqual(shell["argv"], ["/bin/sh", "-c", SCRIPT])
        self.assertEqual(child["argv"], ["/bin/sleep", "1000"])
        self.assertEqual(child["ppid"], pid)
        for row in (shell, child):
            self.assertEqual(row["container_id"], "/docker/two")
            self.assertEqual((row["name"], row["runtime"], row["uid"]), ("two", "docker", 0))
            self.assertEqual((row["state"], row["threads"]), ("sleeping", 1))
            self.assertGreater(row["rss_bytes"], 0)
        self.dockerd.docker("exec", "-d", "two", "/bin/sleep", "2000")
        wait_until(lambda: len(self.ps("-c", "two")) == 3, 10, "docker exec's process")
        self.assertIn(["/bin/sleep", "2000"], [row["argv"] for row in self.ps("-c", "two")])
        of_container, = self.inspect("two")
        self.assertEqual([row["pid"] for row in of_container["processes"]],
                         [row["pid"] for row in self.ps("-c", "two")])

    def test_columns_a_pid_and_processes_of_no_container(self):
        pid = self.start_two()
        done = run_troupe("ps", "-c", "two", "--no-headers", *self.sockets())
        self.assertEqual(len(done.stdout.splitlines()), 2, done.stdout)
        self.assertIn(f"/bin/sh -c {SCRIPT}", done.stdout)
        self.assertEqual([row["pid"] for row in self.ps("--pid", str(pid))], [pid])
        everyone = {row["pid"]: row for row in self.ps("--all")}
        self.assertIsNone(everyone[self.dockerd.child.pid]["container_id"])
        self.assertEqual(everyone[pid]["container_id"], "/docker/two")
        self.assertNotIn(self.dockerd.child.pid, [row["pid"] for row in self.ps()])

    def test_who_matches_nothing_hears_of_the_nearest(self):
        self.start_two()
        self.assertEqual(self.refused("ps", "-c", "twoo"),
                         "troupe ps: no container matches 'twoo' now; nearest: two\n")
        self.assertEqual(self.refused("inspect", "twoo"),
                         "troupe inspect: no container matches 'twoo' now; nearest: two\n")
        self.assertIn("no process of a container matches -n nowhere",
                      self.refused("ps", "-n", "nowhere"))

    def test_a_container_by_name_id_prefix_and_any_pid(self):
        pid = self.start_two()
        full_id = self.dockerd.inspect("two")["Id"]
        child = next(row["pid"] for row in self.ps("-c", "two") if row["pid"] != pid)
        for target in ("two", "/docker/two", full_id, full_id[:12], str(pid), str(child)):
            found, = self.inspect(target)
            self.assertEqual((found["runtime_id"], found["pid"]), (full_id, pid), target)
        self.assertIn(f"no container has a process {self.dockerd.child.pid}",
                      self.refused("inspect", str(self.dockerd.child.pid)))

    def test_one_name_of_two_containers(self):
        self.start_two()
        self.containerd.ctr("-n", "ns1", "run", "-d", "--net-host", CONTAINERD_IMAGE, "two",
                            "/bin/sleep", "1000")
        self.addCleanup(self.containerd.ctr, "-n", "ns1", "container", "rm", "two", check=False)
        self.addCleanup(self.containerd.ctr, "-n", "ns1", "task", "rm", "-f", "two", check=False)
        said = self.refused("inspect", "two")
        self.assertIn("'two' is 2 containers: /containerd/ns1/two (containerd two), /docker/two",
                      said)
        both = self.inspect("/containerd/ns1/two", "/docker/two")
        self.assertEqual([x["container_id"] for x in both], ["/containerd/ns1/two", "/docker/two"])
        self.assertEqual(both[0]["processes"][0]["argv"], ["/bin/sleep", "1000"])
        for scope in (("two", "-r", "docker"), ("-c", "two", "-n", "!ns1")):
            self.assertEqual([x["container_id"] for x in self.inspect(*scope)], ["/docker/two"])
        self.assertIn("no container matches -n nowhere",
                      self.refused("inspect", "-n", "nowhere"))


class Details(Inspected):
    def test_environment_limits_mounts_and_labels(self):
        data = self.sandbox.folder / "data"
        data.mkdir(exist_ok=True)
        self.run_server("held", "--memory", "64m", "--cpus", "1.5", "--pids-limit", "50",
                        "-e", "TOKEN=s3cret", "-v", f"{data}:/data:ro", "--hostname", "box",
                        "--label", "com.docker.compose.project=shop",
                        "--label", "com.docker.compose.service=cart", "--restart", "on-failure:3",
                        "-w", "/tmp", IMAGE, "/bin/sleep", "1000")
        found, = self.inspect("held")
        self.assertIn("TOKEN=***", found["environment"])
        self.assertNotIn("s3cret", json.dumps(found))
        shown, = self.inspect("held", "--env")
        self.assertIn("TOKEN=s3cret", shown["environment"])
        self.assertEqual({key: found["limits"][key] for key in
                          ("memory_bytes", "cpu_millicores", "pids")},
                         {"memory_bytes": 64 << 20, "cpu_millicores": 1500, "pids": 50})
        cgroup = found["cgroup"]
        self.assertEqual((cgroup["memory_max_bytes"], cgroup["cpu_max_millicores"],
                          cgroup["pids_max"], cgroup["pids_current"]), (64 << 20, 1500, 50, 1))
        self.assertEqual(cgroup["path"], f"/docker/{found['runtime_id']}")
        self.assertGreater(cgroup["memory_current_bytes"], 0)
        self.assertIn({"type": "bind", "source": str(data), "destination": "/data",
                       "read_only": True}, found["mounts"])
        self.assertEqual((found["compose_project"], found["compose_service"]), ("shop", "cart"))
        self.assertEqual((found["command"], found["hostname"], found["working_dir"]),
                         (["/bin/sleep", "1000"], "box", "/tmp"))
        self.assertEqual((found["state"], found["restart_policy"]), ("running", "on-failure:3"))
        self.assertEqual(found["networks"][0]["ipv4"], self.dockerd.address("held"))
        columns = run_troupe("inspect", "held", *self.sockets())
        self.assertEqual(columns.returncode, 0, columns.stderr)
        for heading in ("Container", "Limits", "Cgroup", "Mounts", "Namespaces", "Processes"):
            self.assertIn(f"{heading}\n", columns.stdout)
        self.assertNotIn("s3cret", columns.stdout)

    def test_a_created_and_an_exited_container(self):
        self.dockerd.docker("create", "--name", "made", IMAGE, "/bin/sleep", "1000")
        self.addCleanup(self.dockerd.docker, "rm", "-f", "made", check=False)
        self.dockerd.docker("run", "--name", "gone", IMAGE, "/bin/sh", "-c", "exit 3", check=False)
        self.addCleanup(self.dockerd.docker, "rm", "-f", "gone", check=False)
        made, gone = self.inspect("made", "gone")
        self.assertEqual((made["state"], made["pid"], made["processes"]), ("created", 0, []))
        self.assertIsNone(made["cgroup"])
        self.assertEqual((gone["state"], gone["exit_code"], gone["started"] is None),
                         ("exited", 3, False))

    def test_hostile_labels_are_escaped(self):
        self.run_server("evil", "--label", f"evil={HOSTILE}", "--label", f"long={'x' * 3000}",
                        "-e", f"X={HOSTILE}", IMAGE, "/bin/sh", "-c", "/bin/sleep 1000; true",
                        HOSTILE)
        for command in (("inspect", "evil", "--env"), ("ps", "-c", "evil")):
            for output in ("columns", "wide", "yaml", "json"):
                done = run_troupe(*command, "-o", output, *self.sockets())
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assert_harmless(done.stdout + done.stderr)
        found, = self.inspect("evil")
        self.assertEqual(found["labels"]["evil"], HOSTILE)
        shell = next(row for row in found["processes"] if row["argv"][0] == "/bin/sh")
        self.assertEqual(shell["argv"][-1], HOSTILE)


class Sockets(Inspected):
    def test_listens_connections_and_a_shared_network(self):
        address = start_server(self, "web", 1000)
        client = OrderedClient(self, "browser")
        self.run_server("sidecar", "--network", "container:web", IMAGE, "/bin/sleep", "1000")
        client.order("open", address, PORT, 1000)
        web, browser, sidecar = self.inspect("web", "browser", "sidecar")

        listen, = [x for x in web["listens"] if x["protocol"] == "tcp"]
        self.assertEqual((listen["address"], listen["pid"], listen["comm"]),
                         (f"0.0.0.0:{PORT}", web["pid"], "tcp_server"))
        out, = browser["connections"]
        into, = web["connections"]
        self.assertEqual((out["peer"], out["state"], out["pid"], out["comm"]),
                         (f"{address}:{PORT}", "established", browser["pid"], "ordered_client"))
        self.assertEqual((into["local"], into["peer"]), (out["peer"], out["local"]))
        for end in (out, into):
            self.assertEqual((end["bytes_sent"], end["bytes_received"]), (1000, 1000))
            self.assertGreater(end["rtt_ns"], 0)
            self.assertEqual(end["retransmits"], 0)

        self.assertEqual((sidecar["listens"], sidecar["connections"]), ([], []))

        def network(x):
            return next(row for row in x["namespaces"] if row["kind"] == "net")

        self.assertEqual(network(web)["inode"], network(sidecar)["inode"])
        self.assertEqual(network(web)["shared_with"], ["/docker/sidecar"])
        self.assertEqual(network(sidecar)["shared_with"], ["/docker/web"])
        self.assertEqual(network(sidecar)["asked"], f"container:{web['runtime_id']}")
        self.assertEqual(network(browser)["shared_with"], [])
        client.order("close")
        wait_until(lambda: self.inspect("browser")[0]["connections"] == [], 10, "the close")

    def test_the_host_s_network_is_not_the_container_s(self):
        self.run_server("hosted", "--network", "host", IMAGE, "/bin/tcp_server", "9099", "10")
        wait_until(lambda: "listening" in self.dockerd.logs("hosted"), 10, "hosted to listen")
        found, = self.inspect("hosted")
        self.assertEqual([x["address"] for x in found["listens"]], ["0.0.0.0:9099"])
        by_kind = {row["kind"]: row for row in found["namespaces"]}
        # The daemon's host is the sandbox: its network namespace is not the machine's.
        self.assertEqual((by_kind["net"]["asked"], by_kind["net"]["shared_with"]), ("host", []))
        self.assertEqual(by_kind["user"]["shared_with"][0], "host")
        self.assertNotIn("host", by_kind["pid"]["shared_with"])


class NamedCgroup(CgroupContainer):
    """A cgroup that no runtime made, with the processes that start() puts into it."""

    def __init__(self, path):
        self.path = hierarchy() / path
        self.path.mkdir(parents=True)
        self.children = []


class ByCgroupAlone(Inspected):
    """What no runtime knows is known by its cgroup."""

    def hold(self, path):
        cgroup = NamedCgroup(path)
        self.addCleanup(cgroup.end)
        child = cgroup.start("sleep", "1000")
        wait_until(lambda: child.pid in cgroup.pids(), 10, f"{path} to have its process")
        return child.pid

    def test_a_machine_of_lxc_and_a_unit_of_systemd(self):
        name = f"troupe-{secrets.token_hex(4)}"
        for path, container_id, runtime in (
                (f"lxc.payload.{name}", f"/lxc/{name}", "lxc"),
                (f"system.slice/{name}.service", f"/system.slice/{name}.service", "systemd")):
            pid = self.hold(path)
            wait_until(lambda: [x["argv"] for x in self.inspect(container_id)[0]["processes"]]
                       == [["sleep", "1000"]], 10, "the program")
            for target in (container_id, container_id.rsplit("/", 1)[1], str(pid)):
                found, = self.inspect(target)
                self.assertEqual((found["container_id"], found["runtime"], found["pid"]),
                                 (container_id, runtime, pid))
                self.assertEqual((found["state"], found["cgroup"]["path"]),
                                 ("running", f"/{path}"))
                self.assertIsNotNone(found["started"])
            self.assertEqual([x["pid"] for x in self.ps("-c", container_id)], [pid])

    def test_units_are_shown_where_they_are_asked_for(self):
        name = f"troupe-{secrets.token_hex(4)}.service"
        pid = self.hold(f"system.slice/{name}")
        self.assertNotIn(pid, [x["pid"] for x in self.ps()])
        self.assertIn(pid, [x["pid"] for x in self.ps("--services")])
        self.assertIn(pid, [x["pid"] for x in self.ps("-r", "systemd")])


class Pods(Inspected):
    """Containers of a pod, made through containerd's CRI plugin."""

    @classmethod
    def setUpClass(cls):
        require_root()
        require_programs("containerd", "ctr", "nsenter", "runc", "unshare")
        cri_pod_path()
        cls.addClassCleanup(remove_pod_cgroups)  # After the sandbox is closed.
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        cls.containerd = CriContainerd(cls.sandbox)
        cls.containerd.start()
        cls.containerd.load_images()

    def sockets(self):
        return ["--containerd-socket", self.containerd.socket]

    def test_what_a_node_knows_of_a_pod(self):
        pod = Pod(self, "cart-0")
        runtime_id = pod.run("app", "/bin/sleep", "1000", memory=64 << 20, cpu=500)
        pod.run("side", "/bin/sleep", "2000")
        found, = self.inspect("/k8s/shop/cart-0/app")
        self.assertEqual(
            {key: found[key] for key in ("runtime_id", "name", "namespace", "pod", "container",
                                         "pod_uid", "state", "pid", "command")},
            {"runtime_id": runtime_id, "name": "app", "namespace": "shop", "pod": "cart-0",
             "container": "app", "pod_uid": pod.uid, "state": "running",
             "pid": pod.pid(runtime_id), "command": ["/bin/sleep", "1000"]})
        self.assertEqual(found["sandbox_id"], pod.id)
        self.assertEqual((found["limits"]["memory_bytes"], found["limits"]["cpu_millicores"]),
                         (64 << 20, 500))
        self.assertEqual(found["cgroup"]["memory_max_bytes"], 64 << 20)
        self.assertEqual(found["cgroup"]["path"], found["cgroup_path"])
        shared = {row["kind"]: row["shared_with"] for row in found["namespaces"]}
        self.assertEqual(shared["ipc"], ["/k8s/shop/cart-0/side"])
        self.assertEqual(shared["pid"], [])
        both = self.inspect("--pod", "cart-0")
        self.assertEqual([x["name"] for x in both], ["app", "side"])
        self.assertEqual([x["argv"] for x in self.ps("--pod", "cart-0", "-n", "shop")],
                         [["/bin/sleep", "1000"], ["/bin/sleep", "2000"]])


class Completion(Inspected):
    def complete(self, *words):
        """What bash offers for the last word."""
        array = " ".join(f"'{word}'" for word in words)
        script = (f"source <('{troupe_path()}' completion bash)\n"
                  f"COMP_WORDS=('{troupe_path()}' {array})\nCOMP_CWORD={len(words)}\n"
                  "_troupe\nprintf '%s\\n' \"${COMPREPLY[@]}\"")
        environment = clean_environment() | {
            "TROUPE_DOCKER_SOCKETS": str(self.dockerd.socket),
            "TROUPE_CONTAINERD_SOCKETS": str(self.containerd.socket)}
        done = run(["bash", "-c", script], env=environment)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_knows_commands_flags_values_and_names(self):
        self.run_server("completed-one", IMAGE, "/bin/sleep", "1000")
        self.assertEqual(self.complete("insp"), ["inspect"])
        self.assertEqual(self.complete("trace", "ex"), ["exec", "exit"])
        self.assertEqual(self.complete("ps", "--serv"), ["--services"])
        self.assertEqual(self.complete("list", "-o", "js"), ["json"])
        self.assertEqual(self.complete("list", "--output", "=", "ya"), ["yaml"])
        self.assertEqual(self.complete("inspect", "compl"), ["completed-one"])
        self.assertEqual(self.complete("ps", "-c", "completed"), ["completed-one"])
        self.assertEqual(self.complete("inspect", "/docker/comp"), ["/docker/completed-one"])
        self.assertEqual(self.complete("completion", "z"), ["zsh"])

    def test_a_name_is_never_evaluated(self):
        folder = self.sandbox.folder / "hostile"
        folder.mkdir()
        witness = folder / "evaluated"
        names = ("web-1", f"web-$(touch {witness})", f"web`touch {witness}`", "web x;y", "-")
        fake = folder / "troupe"
        printed = "\n".join(names)
        fake.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\n")
        fake.chmod(0o755)
        for shell in ("bash", "fish"):
            (folder / shell).write_text(run_troupe("completion", shell).stdout)
        done = run(["bash", "-c", f"source {folder}/bash; COMP_WORDS=({fake} inspect web); "
                    "COMP_CWORD=2; _troupe; printf '%s\\n' \"${COMPREPLY[@]}\""])
        self.assertEqual(done.stdout, "web-1\n")
        done = run(["fish", "-c", f"source {folder}/fish; complete -C 'troupe inspect web'"],
                   env=clean_environment() | {"PATH": f"{folder}:/usr/bin:/bin"})
        self.assertEqual(set(done.stdout.splitlines()), set(names) - {"-"})
        self.assertFalse(witness.exists())

    def test_fish_and_zsh_take_their_scripts(self):
        for shell, check in (("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])):
            script = self.sandbox.folder / f"completion.{shell}"
            script.write_text(run_troupe("completion", shell).stdout)
            run([*check, script])
        fish = self.sandbox.folder / "completion.fish"
        offered = run(["fish", "-c", f"source {fish}; complete -C 'troupe list -o js'"]).stdout
        self.assertEqual(offered.split("\t")[0], "json")
        offered = run(["fish", "-c", f"source {fish}; complete -C 'troupe trace ex'"]).stdout
        self.assertEqual([line.split("\t")[0] for line in offered.splitlines()], ["exec", "exit"])


if __name__ == "__main__":
    unittest.main()
