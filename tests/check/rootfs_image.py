#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the Dockerfile without a registry: ./dev image --rootfs calls it.

    rootfs_image.py FOLDER      -> FOLDER/troupe-image.tar, and the docker import that loads it

FROM becomes a root made by debootstrap from this machine's own Debian mirror, RUN is run in it with
chroot, COPY obeys .dockerignore. It knows what our Dockerfile uses and refuses anything else.
Needs root and debootstrap.
"""

import fnmatch
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SUITE = "bookworm"
KEPT = ("ENTRYPOINT", "CMD", "EXPOSE")  # what docker import takes over


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def instructions(text):
    """(name, rest) of every instruction: comments left out, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name.upper(), rest.strip()


def included(path, rules):
    """.dockerignore: the last rule that matches the path, or a folder it is in, decides."""
    answer = True
    names = [str(path), *(str(parent) for parent in path.parents if parent.name)]
    for rule in rules:
        if any(fnmatch.fnmatch(name, rule.removeprefix("!")) for name in names):
            answer = rule.startswith("!")
    return answer


def context(rules):
    """Files of the build context, relative to the repository."""
    for folder, folders, files in os.walk(SOURCE):
        here = pathlib.PurePath(folder).relative_to(SOURCE)
        if here == pathlib.PurePath("."):
            folders[:] = [name for name in folders if name not in (".git", "build")]
        for name in files:
            if included(here / name, rules):
                yield here / name


def mirror():
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"],
                             check=True, capture_output=True, text=True).stdout
    for line in targets.splitlines():
        if line.endswith(f" {SUITE}"):
            return line.split()[0]
    sys.exit(f"apt knows no mirror of Debian {SUITE}: is this Debian 12?")


def copy_file(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


class Stage:
    def __init__(self, root, base):
        run("cp", "-a", base, root)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        self.root, self.directory = root, "/"

    def path(self, inside):
        """Where a path of the image is on this machine; "/x/" stays a folder."""
        return self.root / os.path.normpath(os.path.join("/", self.directory, inside)).lstrip("/")

    def change_directory(self, directory):
        self.directory = directory
        self.path(".").mkdir(parents=True, exist_ok=True)

    def shell(self, command):
        run("mount", "-t", "proc", "proc", self.root / "proc")
        try:
            run("chroot", self.root, "/bin/sh", "-c",
                f"cd {shlex.quote(self.directory)} && {command}")
        finally:
            run("umount", self.root / "proc")

    def copy(self, arguments, stages, rules):
        origin, target = arguments[-2:]
        if arguments[0].startswith("--from="):
            source = stages[arguments[0].removeprefix("--from=")].path(origin)
            run("cp", "-a", f"{source}/.", self.path(target))
        elif origin in (".", "./"):
            for name in context(rules):
                copy_file(SOURCE / name, self.path(target) / name)
        else:
            folder = target.endswith("/")
            copy_file(SOURCE / origin, self.path(target) / (origin if folder else ""))


def build(base, folder):
    """Runs the Dockerfile; the last stage and what docker import is told."""
    rules = [line for line in (SOURCE / ".dockerignore").read_text().splitlines()
             if line and not line.startswith("#")]
    stages, stage, changes = {}, None, []
    for name, rest in instructions((SOURCE / "Dockerfile").read_text()):
        print(f"==> {name} {rest}", flush=True)
        if name == "FROM":
            alias = rest.split(" AS ")[-1] if " AS " in rest else "image"
            stage = stages[alias] = Stage(folder / alias, base)
        elif name == "WORKDIR":
            stage.change_directory(rest)
        elif name == "RUN":
            stage.shell(rest)
        elif name == "COPY":
            stage.copy(rest.split(), stages, rules)
        elif name in KEPT:
            changes.append(f"{name} {rest}")
        else:
            sys.exit(f"Dockerfile: {name} is not known here")
    return stage, changes


def main(output):
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        sys.exit("this needs root and debootstrap: run as root: apt-get install debootstrap")
    output.mkdir(parents=True, exist_ok=True)
    base = output / f"{SUITE}-base"
    if not (base / "etc/debian_version").exists():
        shutil.rmtree(base, ignore_errors=True)
        run("debootstrap", "--variant=minbase", SUITE, base, mirror())
    with tempfile.TemporaryDirectory(dir=output) as folder:
        stage, changes = build(base, pathlib.Path(folder))
        tar = output / "troupe-image.tar"
        run("tar", "--create", "--file", tar, "--directory", stage.root, "--exclude=./dev/*", ".")
    options = " ".join("--change " + shlex.quote(change) for change in changes)
    print(f"docker import {options} {tar} troupe:dev")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
