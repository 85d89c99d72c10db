#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts test cases in the log of a suite: count_results.py READER STATUS LOG -> "PASSED FAILED".

READER is ctest (a verbose log with doctest's summaries), unittest, check, fuzz or kernels. STATUS is the suite's
exit code: a suite that failed without a failed case (it did not build, a test crashed) counts as one
failure, so that nothing red is ever counted as green.
"""

import re
import sys

DOCTEST = re.compile(r"^\d+: \[doctest\] test cases: +\d+ \| +(\d+) passed \| +(\d+) failed")
CTEST_FAILED = re.compile(r"^ *\d+/\d+ Test +#(\d+): .*(\*\*\*|Exception)")
CTEST_PASSED = re.compile(r"^ *\d+/\d+ Test +#(\d+): .* Passed ")
CTEST_OUTPUT = re.compile(r"^(\d+): ")


def count_ctest(text):
    passed = failed = 0
    counted = set()  # ctest's numbers of executables that say how many cases they have
    failed_tests = set()  # and of those with a failed case
    for line in text.splitlines():
        if summary := DOCTEST.match(line):
            passed += int(summary[1])
            failed += int(summary[2])
            counted.add(CTEST_OUTPUT.match(line)[1])
            if int(summary[2]):
                failed_tests.add(CTEST_OUTPUT.match(line)[1])
        elif (broken := CTEST_FAILED.match(line)) and broken[1] not in failed_tests:
            failed += 1  # A crash, a time-out, a leak: no case says so.
        elif (whole := CTEST_PASSED.match(line)) and whole[1] not in counted:
            passed += 1  # A script: one case.
    return passed, failed


def count_unittest(text):
    ran = sum(int(n) for n in re.findall(r"^Ran (\d+) tests? in", text, re.MULTILINE))
    details = " ".join(re.findall(r"^(?:OK|FAILED) \((.*)\)$", text, re.MULTILINE))
    failed = sum(int(n) for n in re.findall(r"(?:failures|errors|skipped)=(\d+)", details))
    return max(ran - failed, 0), failed


def count_check(text):
    return (len(re.findall(r"^check \w+: ok$", text, re.MULTILINE)),
            len(re.findall(r"^check \w+: FAILED$", text, re.MULTILINE)))


def count_fuzz(text):
    return (len(re.findall(r"^fuzz \w+: ok", text, re.MULTILINE)),
            len(re.findall(r"^fuzz \w+: FAILED", text, re.MULTILINE)))


def count_kernels(text):
    """Tests that passed in all kernels; what is wrong with a kernel is a line of its own."""
    cells = re.findall(r"^tests passed((?: +\d+/\d+)+)$", text, re.MULTILINE)
    passed = sum(int(n) for n in re.findall(r"(\d+)/", " ".join(cells)))
    return passed, len(re.findall(r"^kernel [\d.]+: ", text, re.MULTILINE))


READERS = {"ctest": count_ctest, "unittest": count_unittest, "check": count_check,
           "fuzz": count_fuzz, "kernels": count_kernels}


def count(reader, status, text):
    passed, failed = READERS[reader](text)
    if status and not failed:
        failed = 1
    if passed + failed == 0:
        failed = 1  # A suite without tests did not run.
    return passed, failed


if __name__ == "__main__":
    with open(sys.argv[3], encoding="utf-8", errors="replace") as log:
        print(*count(sys.argv[1], int(sys.argv[2]), log.read()))
