# SPDX-License-Identifier: Apache-2.0
"""Half an hour of events, containers that come and go, and scrapes: does memory stay flat?

    TROUPE=build/release/troupe GENERATE=build/release/tests/recorder/troupe_generate_recording \\
        python3 tests/soak/run.py [--minutes 30] [--rate 100000] [--containers 200] [--churn 5]

A generated stream goes through a pipe into `troupe replay - --speed 1`, at its own pace, while
/metrics is scraped. Needs no root. ./dev soak calls it. It fails when an event is lost, when the
stream falls behind, or when the resident memory of the second half grows by more than the bound.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

SAMPLE_SECONDS = 5
# What a half hour can tell from the noise of the allocator.
SLOPE_BOUND_KB_PER_MINUTE = 30
PAGE_KB = os.sysconf("SC_PAGESIZE") // 1024


def parse_arguments():
    parser = argparse.ArgumentParser(description="Soaks the agent.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=100_000, help="events a second")
    parser.add_argument("--containers", type=int, default=200, help="that are there at a time")
    parser.add_argument("--connections", type=int, default=20, help="open, of each container")
    parser.add_argument("--churn", type=int, default=5, help="containers replaced a second")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/soak.json"))
    return parser.parse_args()


def program(variable):
    path = os.environ.get(variable, "")
    if not os.access(path, os.X_OK):
        sys.exit(f"soak: set {variable} to the built program")
    return path


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Soak:
    def __init__(self, arguments):
        self.arguments = arguments
        self.port = free_port()
        seconds = arguments.minutes * 60
        self.generator = subprocess.Popen(
            [program("GENERATE"), "-o", "-", "--rate", str(arguments.rate),
             "--records", str(int(seconds * arguments.rate)),
             "--containers", str(arguments.containers),
             "--connections", str(arguments.connections), "--churn", str(arguments.churn)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=False)
        self.agent = subprocess.Popen(
            [program("TROUPE"), "replay", "-", "--speed", "1", "--retire-after", "10s",
             "--listen", f"127.0.0.1:{self.port}"],
            stdin=self.generator.stdout, stderr=subprocess.PIPE)
        self.generator.stdout.close()

    def rss_kb(self):
        fields = pathlib.Path(f"/proc/{self.agent.pid}/statm").read_text().split()
        return int(fields[1]) * PAGE_KB

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.agent.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def scrape(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def sample(self, begin):
        text = self.scrape()
        return {"second": round(time.monotonic() - begin, 1), "rss_kb": self.rss_kb(),
                "cpu_seconds": self.cpu_seconds(),
                "series": sum(1 for line in text.splitlines() if not line.startswith("#")),
                "containers": len(re.findall(r"^container_info\{", text, re.MULTILINE)),
                "events": int(sum(values(text, "troupe_events_total"))),
                "lost": int(sum(values(text, "troupe_events_lost_total")))}

    def stop(self):
        for child in (self.agent, self.generator):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                child.wait(10)


def values(text, family):
    return [float(x) for x in re.findall(rf"^{family}\{{[^\n]*\}} ([0-9.e+]+)$", text, re.MULTILINE)]


def floors(samples):
    """[(minute, smallest RSS)]: a scrape's text comes and goes, what leaks stays."""
    minutes = {}
    for x in samples:
        minutes.setdefault(int(x["second"] // 60), []).append(x["rss_kb"])
    return [(minute, min(kb)) for minute, kb in sorted(minutes.items())]


def slope_kb_per_minute(samples):
    """Least squares over the second half: by then every bound has been reached once."""
    minutes = floors(samples)
    half = minutes[len(minutes) // 2:]
    if len(half) < 3:
        return 0.0
    return statistics.linear_regression([minute for minute, _ in half],
                                        [kb for _, kb in half]).slope


def print_sample(x, header=False):
    names = ("second", "rss_kb", "cpu_seconds", "containers", "series", "events", "lost")
    if header:
        print("  ".join(f"{name:>11}" for name in names))
    print("  ".join(f"{x[name]:>11}" for name in names), flush=True)


def watch(soak, seconds):
    samples = []
    begin = time.monotonic()
    while time.monotonic() - begin < seconds and soak.agent.poll() is None:
        time.sleep(SAMPLE_SECONDS)
        samples.append(soak.sample(begin))
        if len(samples) == 1 or len(samples) % 12 == 0:
            print_sample(samples[-1], header=len(samples) == 1)
    return samples


def verdict(arguments, samples):
    last = samples[-1]
    rate = last["events"] / last["second"]
    slope = slope_kb_per_minute(samples)
    cpu = 100 * last["cpu_seconds"] / last["second"]
    print(f"\n{last['events']} events in {last['second']} s ({rate:.0f}/s), "
          f"{arguments.churn} containers replaced a second, {len(samples)} scrapes; "
          f"{cpu:.0f} % of a core; RSS {last['rss_kb']} kB, slope of the second half "
          f"{slope:+.1f} kB/min; lost {last['lost']}")
    complaints = []
    if last["lost"]:
        complaints.append(f"{last['lost']} events were lost")
    if rate < 0.95 * arguments.rate:
        complaints.append(f"only {rate:.0f} events a second were taken")
    if slope > SLOPE_BOUND_KB_PER_MINUTE:
        complaints.append(f"memory grows by {slope:.1f} kB a minute")
    return complaints, {"slope_kb_per_minute": slope, "rate": rate, "cpu_percent": cpu}


def main():
    arguments = parse_arguments()
    soak = Soak(arguments)
    try:
        time.sleep(1)
        samples = watch(soak, arguments.minutes * 60 - SAMPLE_SECONDS)
    finally:
        soak.stop()
    complaints, result = verdict(arguments, samples)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps({"result": result, "samples": samples}, indent=1) + "\n")
    for complaint in complaints:
        print(f"soak: {complaint}", file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
