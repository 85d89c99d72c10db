# SPDX-License-Identifier: Apache-2.0
"""Child processes with a log file and an end, and the descendants that outlive their parents."""

import ctypes
import os
import pathlib
import signal
import subprocess

from tests.e2e.harness.waiting import wait_until

PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    """Shims detach from the daemon that started them; from now on they become our children.

    That is what lets kill_descendants() find them after their containerd was killed.
    """
    if _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


class Child:
    """A process of ours: its stdout and stderr go to files, and it dies when the tests do."""

    def __init__(self, name, command, folder, *, env=None, continue_log=False):
        """With continue_log a process started again goes on in the files of the one before."""
        self.name = name if continue_log else _unused_name(name, pathlib.Path(folder))
        self.command = [str(part) for part in command]
        self.stdout_path = pathlib.Path(folder) / f"{self.name}.stdout"
        self.stderr_path = pathlib.Path(folder) / f"{self.name}.stderr"
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            # setpriv executes the command in its place: the pid is the command's own.
            self.popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.command],
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          env=env)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def check_running(self):
        if not self.running():
            raise AssertionError(f"{self.name} ended with {self.popen.returncode}:\n"
                                 f"{tail(self.stderr())}")

    def send(self, signal_number):
        self.popen.send_signal(signal_number)

    def wait(self, seconds):
        """Returns the exit code; raises when it does not end in time."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} (pid {self.pid}) did not end within {seconds} s:\n"
                                 f"{tail(self.stderr())}") from None

    def kill(self):
        self.popen.kill()
        self.popen.wait(10)

    def stop(self, seconds=10):
        """SIGTERM, then SIGKILL for what does not listen; never raises for a dead process."""
        if not self.running():
            return
        self.popen.terminate()
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()


def _unused_name(name, folder):
    number = 1
    while (folder / f"{name}-{number}.stdout").exists():
        number += 1
    return f"{name}-{number}"


def tail(text, lines=40):
    return "\n".join(text.splitlines()[-lines:])


def _parents():
    """pid -> parent's pid of every process on the machine."""
    result = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = pathlib.Path("/proc", entry, "stat").read_text(errors="replace")
        except OSError:
            continue
        # The command's name may hold anything, parentheses too: fields begin after the last one.
        fields = stat[stat.rindex(")") + 2:].split()
        if fields[0] != "Z" or int(fields[1]) == os.getpid():
            result[int(entry)] = int(fields[1])
    return result


def descendants():
    """Pids of our children, their children and so on."""
    children = {}
    for pid, parent in _parents().items():
        children.setdefault(parent, []).append(pid)
    found, open_ends = [], [os.getpid()]
    while open_ends:
        for pid in children.get(open_ends.pop(), []):
            found.append(pid)
            open_ends.append(pid)
    return found


def _reap():
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def kill_descendants(seconds=20):
    """Ends everything that we started and that is still there, adopted orphans included."""

    def none_left():
        _reap()
        left = descendants()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return not left

    wait_until(none_left, seconds, lambda: f"processes {descendants()} to end after SIGKILL")


def run(command, *, seconds=60, check=True, env=None, input_text=None):
    """Runs to the end; returns the CompletedProcess with text output."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                          timeout=seconds, env=env, input=input_text)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n"
                             f"{tail(done.stdout)}\n{tail(done.stderr)}")
    return done
