# SPDX-License-Identifier: Apache-2.0
"""Shows which tests of a suite failed, and why: python3 -m tests.check.show_failures READER LOG.

What keeps a run's output often keeps its end alone, and a suite's own report of a failure may be
far from it. So ./dev test says it once more: every failed test with the lines of the log that tell
most, at most LINES_MAX lines a suite. READER is as in count_results.py.
"""

import dataclasses
import pathlib
import re
import sys

from tests.check.count_results import CTEST_FAILED, CTEST_OUTPUT

LINES_MAX = 60
TITLES_MAX = 40
FAILURE_LINES_MAX = 30
LINE_BYTES_MAX = 400  # libFuzzer's input in Base64 is shorter.
FRAMES_MAX = 12
TAIL_LINES = 20

CTEST_NAME = re.compile(r"Test +#\d+: (\S+)")
DOCTEST_RULE = re.compile(r"^={79}$")
DOCTEST_NAME = re.compile(r"^(?:TEST CASE|SCENARIO): +(.*)$")
DOCTEST_ERROR = re.compile(r": (?:FATAL )?ERROR: ")
REPORT = re.compile(r"==\d+== ?ERROR: |: runtime error: |WARNING: ThreadSanitizer|property broken: ")
REPORT_DETAIL = re.compile(r"SUMMARY: |^(?:READ|WRITE) of size|^(?:Direct|Indirect) leak|Test unit written|Base64: ")
FRAME = re.compile(r"^\s*#\d+ ")
TRACEBACK = "Traceback (most recent call last):"
EXCEPTION = re.compile(r"^[\w.]+(?::|$)")
UNITTEST_BLOCK = re.compile(r"^={70}\n((?:FAIL|ERROR): .*)\n", re.MULTILINE)
UNITTEST_END = re.compile(r"^-{70}\nRan \d+ tests? in", re.MULTILINE)
UNITTEST_SKIPPED = re.compile(r"^(?:(.*) \.\.\. )?skipped (['\"].*)$", re.MULTILINE)
CHECK_RESULT = re.compile(r"^check (\w+): (ok|FAILED)$")
CHECK_ERROR = re.compile(r": error: |^(?:FAIL|ERROR): ")
FUZZ_FAILED = re.compile(r"^fuzz (\w+): FAILED(?:.*\((.+)\)$)?")
KERNEL_FAILED = re.compile(r"^(kernel [\d.]+), boot (\d+) of at most \2: (.*?)(?: \(log: (.+)\))?$")
BUILD_ERROR = re.compile(r"^FAILED: |: (?:fatal )?error: |^CMake Error|^dev: |undefined (?:symbol|reference)")


@dataclasses.dataclass
class Failure:
    title: str
    lines: list
    telling: int = 0  # the line that tells most: what is cut away is far from it


def read_lines(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def tail(title, lines):
    lines = [line for line in lines if line.strip()][-TAIL_LINES:]
    return Failure(title, lines, len(lines))


def doctest_failures(prefix, lines):
    """The failed cases of one executable, each with what follows its first error."""
    rules = [i for i, line in enumerate(lines) if DOCTEST_RULE.match(line)] + [len(lines)]
    failures = []
    for begin, end in zip(rules, rules[1:]):
        block = lines[begin + 1:end]
        name = next((found[1] for line in block[:3] if (found := DOCTEST_NAME.match(line))), None)
        error = next((i for i, line in enumerate(block) if DOCTEST_ERROR.search(line)), None)
        if name is not None and error is not None:
            failures.append(Failure(f"{prefix}: {name}", [x for x in block[error:] if x.strip()]))
    return failures


def sanitizer_report(lines):
    """What a sanitizer or libFuzzer found, its first frames, and the input that led there."""
    begin = next((i for i, line in enumerate(lines) if REPORT.search(line)), len(lines))
    kept, frames = [], 0
    for line in lines[begin:]:
        if FRAME.match(line):
            frames += 1
            if frames <= FRAMES_MAX:
                kept.append(line)
        elif REPORT.search(line) or REPORT_DETAIL.search(line):
            kept.append(line)
    return kept


def ctest_failures(lines):
    outputs, failures = {}, []
    for line in lines:
        if said := CTEST_OUTPUT.match(line):
            outputs.setdefault(said[1], []).append(line[said.end():])
        elif broken := CTEST_FAILED.match(line):
            output = outputs.get(broken[1], [])
            name = CTEST_NAME.search(line)[1]
            found = doctest_failures(name, output)
            if report := sanitizer_report(output):
                found.append(Failure(f"{name}: a sanitizer's report", report))
            failures += found or [tail(line.strip(), output)]
    return failures


def raised_at(lines):
    """The line that names the exception which ended a test; its message may be long."""
    begin = max((i for i, line in enumerate(lines) if line == TRACEBACK), default=0)
    return next((i for i in range(begin + 1, len(lines)) if EXCEPTION.match(lines[i])), begin)


def unittest_failures(lines):
    text = "\n".join(lines)
    blocks = list(UNITTEST_BLOCK.finditer(text))
    ends = [block.start() for block in blocks[1:]]
    if blocks:
        last = UNITTEST_END.search(text, blocks[-1].end())
        ends.append(last.start() if last else len(text))
    failures = []
    for block, end in zip(blocks, ends):
        body = [line for line in text[block.end():end].splitlines() if line.strip("- ")]
        failures.append(Failure(block[1], body, raised_at(body)))
    skipped = UNITTEST_SKIPPED.findall(text[:blocks[0].start()] if blocks else text)
    return failures + [Failure(f"SKIPPED: {name} {why}", []) for name, why in skipped]


def check_failures(lines):
    failures, begin = [], 0
    for i, line in enumerate(lines):
        if not (result := CHECK_RESULT.match(line)):
            continue
        if result[2] == "FAILED":
            said = lines[begin:i]
            errors = [x for x in said if CHECK_ERROR.search(x)]
            failures.append(Failure(line, errors) if errors and ": error: " in errors[0]
                            else tail(line, said))
        begin = i + 1
    return failures


def fuzz_failures(lines):
    failures = []
    for line in lines:
        if failed := FUZZ_FAILED.match(line):
            log = read_lines(failed[2]) if failed[2] else []
            report = sanitizer_report(log)
            failures.append(Failure(line, report) if report else tail(line, log))
    return failures


def kernels_failures(lines):
    """What is wrong with a kernel's last boot, and the tests that failed in it."""
    failures, logs = [], {}
    for line in lines:
        if wrong := KERNEL_FAILED.match(line):
            failures.append(Failure(f"{wrong[1]}: {wrong[3]}", []))
            if wrong[4]:
                logs[wrong[4]] = wrong[1]
    for log, kernel in logs.items():
        said = read_lines(log)
        failures += doctest_failures(kernel, said) or [tail(f"{kernel}: the end of {log}", said)]
    return failures


READERS = {"ctest": ctest_failures, "unittest": unittest_failures, "check": check_failures,
           "fuzz": fuzz_failures, "kernels": kernels_failures}


def failures_in(reader, lines):
    if failures := READERS[reader](lines):
        return failures
    if errors := [line for line in lines if BUILD_ERROR.search(line)]:
        return [Failure("it did not build or start", errors)]
    return [tail("it says nothing of a failed test; its end", lines)]


def around(failure, room):
    """So many lines of it about the one that tells most, and how many more there are."""
    lines = failure.lines
    if len(lines) <= room:
        return lines
    room -= 1
    begin = max(0, min(failure.telling - 2 * room // 3, len(lines) - room))
    return lines[begin:begin + room] + [f"({len(lines) - room} more lines in the log)"]


def shown(failures):
    """At most LINES_MAX lines: the first TITLES_MAX failures' names, and as much of each as fits."""
    named = failures[:TITLES_MAX]
    room = LINES_MAX - len(named) - (len(failures) > len(named))
    result = []
    for i, failure in enumerate(named):
        share = min(max(room // (len(named) - i), 4), room, FAILURE_LINES_MAX)
        lines = around(failure, share) if share > 1 else []
        room -= len(lines)
        result += [f"  {failure.title}"] + [f"    {line}" for line in lines]
    if len(failures) > len(named):
        result.append(f"  and {len(failures) - len(named)} more")
    return [line[:LINE_BYTES_MAX] for line in result]


if __name__ == "__main__":
    print("\n".join(shown(failures_in(sys.argv[1], read_lines(sys.argv[2])))))
