# SPDX-License-Identifier: Apache-2.0
"""Servers and clients that Debian does not have: from Go's, Maven's and Python's registries.

Each is a folder of tests/e2e/packages, with all versions and checksums in its lock file:

    go.mod go.sum *.go             go_program(name):      the path of an executable
    pom.xml jars.sha256 *.java     java_program(name):    a class path, our classes among it
    requirements.txt               python_packages(name): a folder for PYTHONPATH

They are made once, in the user's cache, under the checksum of that folder: what is there is used
without asking a registry. Containers see them through HostPrograms(..., packages=[path]).
To change versions: edit pom.xml, then `python3 -m tests.e2e.harness.packages lock NAME`.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PACKAGES = pathlib.Path(__file__).resolve().parent.parent / "packages"
# What /usr/bin/python3 of the containers is: pip may be another Python's.
_PYTHON = "/usr/bin/python3"
_COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
_SECONDS = 600


class PackageError(AssertionError):
    """A package cannot be had: the test that needs it fails with the reason."""


def go_program(name):
    """An executable, linked statically."""
    return _made(name, _build_go) / name


def java_program(name):
    """The class path of the jars of pom.xml and of the classes beside it."""
    folder = _made(name, _build_java)
    return f"{folder}/classes:{folder}/jars/*"


def python_packages(name):
    """A folder for PYTHONPATH of /usr/bin/python3."""
    return _made(name, _install_python)


def package_folder(name):
    """Where a package that was made is: what a container has to see."""
    return _cache() / f"{name}-{_checksum(name)}"


def java():
    """The java of this machine, as containers see it too."""
    return _tool("java", "default-jdk-headless").resolve()


def java_mounts():
    """Folders outside of /usr that this java reads: Debian keeps its configuration in /etc."""
    settings = (java().parent.parent / "lib" / "jvm.cfg").resolve().parent
    return [] if settings.is_relative_to("/usr") else [settings]


def _cache():
    root = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(root) / "troupe-tests"


def _sources(name):
    folder = PACKAGES / name
    if not folder.is_dir():
        raise PackageError(f"there is no package {name} in {PACKAGES}")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _checksum(name):
    sum_ = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for path in _sources(name):
        content = path.read_bytes()
        sum_.update(f"{path.relative_to(PACKAGES)} {len(content)}\n".encode())
        sum_.update(content)
    return sum_.hexdigest()[:16]


def _made(name, build):
    """The folder of the package in the cache; builds it where it is not there."""
    folder = package_folder(name)
    if folder.is_dir():
        return folder
    with _lock(name):
        if not folder.is_dir():  # Nobody else made it while we waited.
            unfinished = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}.", dir=_cache()))
            try:
                build(name, unfinished)
                unfinished.chmod(0o755)
                unfinished.rename(folder)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
    return folder


@contextlib.contextmanager
def _lock(name):
    _cache().mkdir(parents=True, exist_ok=True)
    with open(_cache() / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build_go(name, folder):
    _run(name, [_tool("go", "golang-go"), "build", "-mod=readonly", "-trimpath", "-buildvcs=false",
                "-o", folder / name, "."],
         cwd=PACKAGES / name, env={**os.environ, "CGO_ENABLED": "0"})


def _build_java(name, folder):
    _copy_jars(name, folder / "jars")
    _check_jars(name, folder / "jars")
    classes = folder / "classes"
    classes.mkdir()
    programs = sorted((PACKAGES / name).glob("*.java"))
    if programs:
        _run(name, [_tool("javac", "default-jdk-headless"), "-d", classes, "-cp",
                    f"{folder}/jars/*", *programs])


def _copy_jars(name, jars):
    _run(name, [_tool("mvn", "maven"), "--quiet", "--batch-mode", "--no-transfer-progress",
                "--file", PACKAGES / name / "pom.xml", _COPY_JARS, "-DincludeScope=runtime",
                f"-DoutputDirectory={jars}"])


def _jar_sums(jars):
    return {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in jars.glob("*.jar")}


def _check_jars(name, jars):
    """Every jar is one of jars.sha256: the registry gave what we once looked at."""
    locked = {}
    for line in (PACKAGES / name / "jars.sha256").read_text().splitlines():
        checksum, jar = line.split()
        locked[jar] = checksum
    found = _jar_sums(jars)
    wrong = sorted(jar for jar in locked.keys() | found.keys() if locked.get(jar) != found.get(jar))
    if wrong:
        raise PackageError(f"{name}: not as in jars.sha256: {', '.join(wrong)}")


def _install_python(name, folder):
    version = _run(name, [_PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
    _run(name, [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps",
                "--only-binary=:all:", "--python-version", version.strip(), "--target", folder,
                "--requirement", PACKAGES / name / "requirements.txt"])


def _tool(program, package):
    path = shutil.which(program)
    if path is None:
        raise PackageError(f"{program} is missing: apt-get install {package}, or ./dev install test")
    return pathlib.Path(path)


def _run(name, command, **how):
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                              timeout=_SECONDS, stdin=subprocess.DEVNULL, **how)
    except subprocess.TimeoutExpired:
        raise PackageError(f"package {name}: {' '.join(command)} did not end within {_SECONDS} s; "
                           "is its registry reachable?") from None
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise PackageError(f"package {name}: {' '.join(command)} ended with {done.returncode}:\n"
                           f"{said}")
    return done.stdout


def write_lock(name):
    """jars.sha256 anew, from what pom.xml leads to today."""
    with tempfile.TemporaryDirectory() as folder:
        _copy_jars(name, pathlib.Path(folder))
        sums = _jar_sums(pathlib.Path(folder))
    (PACKAGES / name / "jars.sha256").write_text(
        "".join(f"{sums[jar]}  {jar}\n" for jar in sorted(sums)))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "lock":
        raise SystemExit("usage: python3 -m tests.e2e.harness.packages lock NAME")
    write_lock(sys.argv[2])
