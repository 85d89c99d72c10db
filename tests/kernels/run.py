#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots Debian's cloud kernels in qemu (software emulation) and runs programs of ours in each.

    run.py --cache DIR --program TROUPE --program BPF_TEST [--kernel 6.1 ...]

In every kernel: `troupe doctor -o json` tells which features are on, then the BPF tests run with
their exact counts. Prints a table feature x kernel, by which hook the owner of an
accepted socket is learned, how many tests passed and how long the verifier and the attaching took (in
emulation: compare kernels, not machines); exits 1 when a promise of expected.json is
broken, 75 when the kernels cannot be had. Packages needed: qemu-system-x86, cpio, busybox-static.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SUITES = ("bullseye", "bookworm", "trixie", "sid")
SERIES = ("5.10", "6.1", "6.12", "7.")
BOOT_SECONDS = 900  # software emulation; alone a boot takes 3 s and the tests a minute, but machines are busy
BOOTS = 3
EXIT_NO_KERNELS = 75
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

INIT = """#!/bin/busybox sh
export PATH=/bin
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs devtmpfs /dev
busybox mount -t tmpfs tmpfs /tmp
busybox mount -t cgroup2 cgroup2 /sys/fs/cgroup
busybox mount -t bpf bpf /sys/fs/bpf
busybox mount -t tracefs tracefs /sys/kernel/tracing
busybox ip link set lo up
echo '@@release'; busybox uname -r
echo '@@doctor'; /bin/troupe doctor -o json
echo "@@doctor-exit $?"
for word in $(busybox cat /proc/cmdline); do
  case $word in
    troupe_tests=*) only=${word#troupe_tests=} ;;
    troupe_hooks=*) export TROUPE_OWNER_HOOKS=${word#troupe_hooks=} ;;
  esac
done
echo '@@tests'; {tests}
echo "@@tests-exit $?"
echo '@@end'
busybox poweroff -f
"""


class NoKernels(Exception):
    """The packages cannot be had on this machine."""


def apt_options(root):
    """An apt of our own: it neither reads nor changes the machine's configuration."""
    options = {
        "Dir::Etc": root / "etc",
        "Dir::Etc::sourcelist": root / "etc/sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": root / "state",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": root / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]


def prepare_apt(root):
    for folder in ("etc/preferences.d", "etc/apt.conf.d", "state/lists/partial", "cache/archives/partial"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    # The machine's own mirror serves the other suites too.
    uris = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(SUITE)", "Created-By: Packages"],
                          check=True, capture_output=True, text=True).stdout.split("\n")
    mirrors = sorted({line.split()[0] for line in uris
                      if len(line.split()) >= 3 and line.split()[1] == "Debian" and "security" not in line})
    if not mirrors:
        raise NoKernels("this machine's apt knows no Debian mirror")
    lines = [f"deb [signed-by={KEYRING}] {mirrors[0]} {suite} main" for suite in SUITES]
    (root / "etc/sources.list").write_text("\n".join(lines) + "\n")
    update = subprocess.run(["apt-get", *apt_options(root), "-q", "update"], capture_output=True, text=True)
    if update.returncode != 0:
        raise NoKernels(update.stderr.strip() or "apt-get update failed")


def version_key(name):
    return [int(part) for part in re.findall(r"\d+", name)]


def find_packages(root):
    """The newest cloud kernel of each series: {"6.1": package name}."""
    listed = subprocess.run(["apt-cache", *apt_options(root), "pkgnames", "linux-"], check=True,
                            capture_output=True, text=True).stdout.split()
    found = {}
    for series in SERIES:
        version = re.escape(series) + ("" if series.endswith(".") else r"(?!\d)")  # 6.1 is not 6.12
        # Up to 7.0 the image is in linux-image-*, afterwards in linux-binary-*.
        for kind in ("binary", "image"):
            names = [n for n in listed if re.fullmatch(rf"linux-{kind}-{version}[0-9.+a-z-]*-cloud-amd64", n)]
            if names:
                best = max(names, key=version_key)
                found[".".join(re.findall(r"\d+", best)[:2])] = best
                break
    return found


def fetch_kernels(cache, wanted):
    """Downloads what is missing; returns {"6.1": path of vmlinuz}, of the wanted or of all series."""
    cache.mkdir(parents=True, exist_ok=True)
    have = {p.name.removeprefix("vmlinuz-"): p for p in cache.glob("vmlinuz-*") if p.stat().st_size > 0}
    if len(have) >= len(SERIES) or (wanted and set(wanted) <= set(have)):
        return have
    root = cache / "apt"
    prepare_apt(root)
    packages = find_packages(root)
    if len(packages) < len(SERIES):
        raise NoKernels(f"only these cloud kernels are to be had: {', '.join(packages.values()) or 'none'}")
    for series, package in packages.items():
        if series in have:
            continue
        subprocess.run(["apt-get", *apt_options(root), "-q", "download", package], check=True, cwd=cache, capture_output=True)
        deb = max(cache.glob(f"{package}_*.deb"))
        tree = cache / f"tree-{series}"
        subprocess.run(["dpkg-deb", "-x", deb, tree], check=True)
        image = next(p for p in tree.rglob("vmlinuz*") if p.is_file())
        shutil.move(image, cache / f"vmlinuz-{series}")
        shutil.rmtree(tree)
        deb.unlink()
        have[series] = cache / f"vmlinuz-{series}"
    return have


def libraries_of(program):
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return {pathlib.Path(m) for m in re.findall(r"(?:=> )?(/\S+) \(0x", listed)}


def make_initramfs(folder, programs):
    """A root with busybox, the programs and the libraries they need."""
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    for name in ("bin", "proc", "sys", "dev", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    shutil.copy("/usr/bin/busybox" if os.path.exists("/usr/bin/busybox") else "/bin/busybox", root / "bin/busybox")
    for applet in ("sh", "true", "cat", "sleep", "false"):
        (root / "bin" / applet).symlink_to("busybox")
    for program in programs:
        shutil.copy(program, root / "bin" / program.name)
        subprocess.run(["strip", "--strip-debug", root / "bin" / program.name], check=True)
        for library in libraries_of(program):
            target = root / str(library).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)
    tests = " && ".join(f"/bin/{p.name} --no-colors=true --source-file=${{only:-*}}"
                        for p in programs if p.name != "troupe") or "true"
    (root / "init").write_text(INIT.replace("{tests}", tests))
    (root / "init").chmod(0o755)
    image = folder / "initramfs"
    names = subprocess.run(["find", "."], cwd=root, check=True, capture_output=True).stdout
    with open(image, "wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, stdout=out, check=True)
    return image


def boot(kernel, initramfs, log, promise):
    # qemu 7.2 emulates cmpxchg16b with garbage in the flags. SLUB of 6.12 uses it all the time, and
    # sooner or later the kernel ends in a double fault: up to there the CPU has none. 7.x needs it, for
    # kmalloc_nolock() and so for sockets' storage. One CPU: with two it is used more.
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", promise["cpu"], "-m", "1024", "-smp", "1",
               "-nographic", "-no-reboot",
               "-kernel", str(kernel), "-initrd", str(initramfs),
               "-append", f"console=ttyS0 quiet panic=-1 troupe_tests={promise['tests']} "
               f"troupe_hooks={','.join(promise['owner_hooks'])}"]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=BOOT_SECONDS)
        text = run.stdout
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"") + b"\n@@timeout\n"
    text = text.decode("utf-8", "replace").replace("\r", "")
    log.write_text(text)
    return text


def section(text, name):
    match = re.search(rf"^@@{name}\n(.*?)^@@", text, re.S | re.M)
    return match.group(1) if match else ""


def read_result(text):
    """{"release":, "features": {name: on}, "reasons":, "passed":, "failed":} of one boot."""
    result = {"release": section(text, "release").strip(), "features": {}, "reasons": {}, "hooks": {}, "passed": 0, "failed": 0}
    doctor = section(text, "doctor")
    if "{" in doctor:
        try:
            report = json.JSONDecoder().raw_decode(doctor[doctor.index("{"):])[0]
            for feature in report.get("features", []):
                result["features"][feature["feature"]] = feature["enabled"]
                result["reasons"][feature["feature"]] = feature.get("reason", "")
                result["hooks"][feature["feature"]] = feature.get("hook", "")
        except ValueError:
            pass
    for passed, failed in re.findall(r"test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed", section(text, "tests")):
        result["passed"] += int(passed)
        result["failed"] += int(failed)
    loaded = re.search(r"loaded and attached in (\d+) ms", section(text, "tests"))
    result["load_ms"] = int(loaded.group(1)) if loaded else None
    result["finished"] = "@@end" in text
    return result


def promises():
    """What each series must be able to do: its features, the ways to learn a socket's owner and the BPF
    tests that run there; and on which of qemu's CPUs."""
    return json.loads(pathlib.Path(__file__).with_name("expected.json").read_text())


def promise_of(series):
    found = [promise for name, promise in promises().items()
             if series == name or (name.endswith(".") and series.startswith(name))]
    if not found:
        raise SystemExit(f"kernels: expected.json says nothing of {series}")
    return found[0]


def judge(promise, result):
    """What is wrong with one kernel's result, as lines."""
    if not result["finished"]:
        return ["the run did not come to its end"]
    wrong = []
    for feature, on in promise["features"].items():
        if result["features"].get(feature) != on:
            wrong.append(f"{feature} is {result['features'].get(feature)}, should be {on}: {result['reasons'].get(feature, '')}")
    hook = (promise["owner_hooks"] or [""])[0]
    if result["hooks"].get("socket_owner", "") != hook:
        wrong.append(f"socket_owner is by {result['hooks'].get('socket_owner')!r}, should be by {hook!r}")
    for feature in result["features"].keys() - promise["features"].keys():
        wrong.append(f"expected.json says nothing of the feature {feature}")
    if result["failed"] or not result["passed"]:
        wrong.append(f"BPF tests: {result['passed']} passed, {result['failed']} failed")
    return wrong


def print_table(results):
    names = sorted({f for r in results.values() for f in r["features"]})
    rows = [("feature", list(results))]
    rows += [(name, ["on" if r["features"].get(name) else "off" for r in results.values()]) for name in names]
    rows.append(("socket_owner by", [r["hooks"].get("socket_owner") or "-" for r in results.values()]))
    rows.append(("tests passed", [f"{r['passed']}/{r['passed'] + r['failed']}" for r in results.values()]))
    rows.append(("load and attach", [f"{r['load_ms']} ms" if r["load_ms"] else "-" for r in results.values()]))
    for name, cells in rows:
        print(f"{name:<20}" + "".join(f"{cell:>12}" for cell in cells))


def run_kernel(series, kernel, initramfs, log, promise):
    """Its last result, and whether that is as promised. Every boot that is not is told.

    A kernel gets several boots: qemu's cmpxchg16b (see boot()) makes sockets' storage fail now and then
    on 7.x, and there a program that is preempted in a slow emulation makes the kernel pass the next one
    over, which is counted ("recursion") but not exact."""
    for number in range(1, BOOTS + 1):
        result = read_result(boot(kernel, initramfs, log, promise))
        wrong = judge(promise, result)
        for line in wrong:
            print(f"kernel {series}, boot {number} of at most {BOOTS}: {line} (log: {log})", file=sys.stderr)
        if not wrong:
            break
    return result, not wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cache", type=pathlib.Path, required=True)
    arguments.add_argument("--program", type=pathlib.Path, action="append", required=True)
    arguments.add_argument("--kernel", action="append", help="only this series, e.g. 6.1")
    options = arguments.parse_args()
    try:
        options.cache = options.cache.resolve()  # apt takes a relative folder as one below /
        kernels = fetch_kernels(options.cache, options.kernel)
    except (NoKernels, subprocess.CalledProcessError, OSError) as why:
        print(f"kernels: cannot get Debian's cloud kernels: {why}", file=sys.stderr)
        return EXIT_NO_KERNELS
    unknown = set(options.kernel or ()) - set(kernels)
    if unknown:
        arguments.error(f"no such series: {', '.join(sorted(unknown))}; there are {', '.join(sorted(kernels, key=version_key))}")
    initramfs = make_initramfs(options.cache, [p.resolve() for p in options.program])
    results, failed = {}, False
    for series, kernel in sorted(kernels.items(), key=lambda item: version_key(item[0])):
        if options.kernel and series not in options.kernel:
            continue
        log = options.cache / f"log-{series}"
        promise = promise_of(series)
        results[series], good = run_kernel(series, kernel, initramfs, log, promise)
        failed = failed or not good
    print_table(results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
