# SPDX-License-Identifier: Apache-2.0
"""The one image of the tests: busybox and our static programs, made here, downloaded never."""

import functools
import io
import pathlib
import tarfile
import tempfile

from tests.e2e.harness.processes import run

IMAGE = "troupe-e2e:1"
CONTAINERD_IMAGE = f"docker.io/library/{IMAGE}"
BUSYBOX = pathlib.Path("/bin/busybox")
APPLETS = ("cat", "false", "sh", "sleep", "true")
PROGRAMS = pathlib.Path(__file__).resolve().parent.parent / "programs"


def compile_programs(sources, folder):
    """Compiles every .c file in `sources` into `folder`; returns the programs' paths."""
    programs = []
    for source in sorted(sources.glob("*.c")):
        program = folder / source.stem
        run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-static", "-O2", "-s", "-Wall", "-Wextra",
             "-Werror", "-o", program, source])
        programs.append(program)
    return programs


@functools.cache
def root_filesystem():
    """The image's content as a tar archive; made once for all test cases."""
    with tempfile.TemporaryDirectory(prefix="troupe-e2e-programs-") as folder:
        programs = compile_programs(PROGRAMS, pathlib.Path(folder))
        return _archive(programs)


def _archive(programs):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE
            entry.mode = 0o755
            archive.addfile(entry)
        for program in (BUSYBOX, *programs):
            archive.addfile(_executable(f"bin/{program.name}", program.stat().st_size),
                            io.BytesIO(program.read_bytes()))
        for applet in APPLETS:
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type = tarfile.SYMTYPE
            entry.linkname = "busybox"
            archive.addfile(entry)
    return content.getvalue()


def _executable(name, size):
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o755
    return entry


def load_into_docker(dockerd, folder):
    archive = folder / "rootfs.tar"
    archive.write_bytes(root_filesystem())
    dockerd.docker("import", archive, IMAGE)


def load_into_containerd(containerd, dockerd, folder, namespaces):
    """containerd takes docker's archive of the image as it is."""
    archive = folder / "image.tar"
    dockerd.docker("save", "-o", archive, IMAGE)
    for namespace in namespaces:
        containerd.ctr("-n", namespace, "image", "import", archive)
