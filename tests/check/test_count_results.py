# SPDX-License-Identifier: Apache-2.0
import unittest

from tests.check.count_results import count

CTEST = """test 1
    Start 1: good
1: [doctest] test cases:  7 |  7 passed | 0 failed | 0 skipped
1/3 Test #1: good ...............   Passed    0.02 sec
2: [doctest] test cases: 10 |  8 passed | 2 failed | 0 skipped
2/3 Test #2: bad .............***Failed    0.02 sec
3/3 Test #3: crashing ........***Exception: SegFault  0.02 sec
"""


class CountResults(unittest.TestCase):
    def test_ctest_counts_cases_and_a_crash_as_one_failure(self):
        self.assertEqual(count("ctest", 8, CTEST), (15, 3))

    def test_a_program_without_cases_is_one_case(self):
        self.assertEqual(count("ctest", 0, "1/1 Test #12: promtool ....   Passed    0.03 sec\n"),
                         (1, 0))

    def test_a_sanitizer_report_after_green_cases_is_a_failure(self):
        text = CTEST.splitlines()[2] + "\n1/1 Test #1: good ....***Failed 0.1 sec\n"
        self.assertEqual(count("ctest", 8, text), (7, 1))

    def test_unittest_counts_errors_and_skipped_tests_as_failures(self):
        text = "Ran 12 tests in 3.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"
        self.assertEqual(count("unittest", 1, text), (8, 4))

    def test_a_class_that_could_not_be_set_up_is_a_failure(self):
        self.assertEqual(count("unittest", 1, "Ran 0 tests in 1s\n\nFAILED (errors=1)\n"), (0, 1))

    def test_a_suite_that_did_not_build_is_one_failure(self):
        self.assertEqual(count("ctest", 1, "ninja: build stopped\n"), (0, 1))

    def test_a_suite_that_ran_nothing_is_one_failure(self):
        self.assertEqual(count("unittest", 0, "Ran 0 tests in 0.0s\n\nOK\n"), (0, 1))

    def test_check_counts_its_steps(self):
        text = "check format: ok\nnoise\ncheck tidy: FAILED\ncheck shell: ok\n"
        self.assertEqual(count("check", 1, text), (2, 1))

    def test_fuzz_counts_its_targets(self):
        text = "fuzz a: ok, 10 runs\nfuzz b: FAILED (build/fuzz/b.log)\nfuzz c: ok, 7 runs\n"
        self.assertEqual(count("fuzz", 1, text), (2, 1))

    def test_kernels_count_the_tests_of_each_and_every_broken_promise(self):
        text = "socket            on       off\ntests passed   12/12     10/11\n"
        self.assertEqual(count("kernels", 0, text), (22, 0))
        wrong = "kernel 5.10: oom is off, should be True\nkernel 5.10: BPF tests: 10 passed, 1 failed\n"
        self.assertEqual(count("kernels", 1, wrong + text), (22, 2))

    def test_kernels_that_did_not_boot_are_a_failure(self):
        self.assertEqual(count("kernels", 1, "kernel 6.1: the run did not come to its end\n"), (0, 1))


if __name__ == "__main__":
    unittest.main()
