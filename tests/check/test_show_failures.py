# SPDX-License-Identifier: Apache-2.0
import pathlib
import tempfile
import unittest

from tests.check.show_failures import FAILURE_LINES_MAX, LINES_MAX, Failure, failures_in, shown

RULE = "7: " + "=" * 79
CTEST = f"""7: [doctest] doctest version is "2.4.9"
{RULE}
7: /src/tests/cart_test.cpp:10:
7: TEST CASE:  cart: is empty
7:   at first
7: 
8: noise of another test
7: /src/tests/cart_test.cpp:12: ERROR: CHECK( x.size() == 0 ) is NOT correct!
7:   values: CHECK( 1 == 0 )
7: 
{RULE}
7: /src/tests/cart_test.cpp:20:
7: TEST CASE:  cart: says something
7: 
7: /src/tests/cart_test.cpp:21: MESSAGE: hello
{RULE}
7: [doctest] test cases: 3 | 2 passed | 1 failed | 0 skipped
1/3 Test  #7: cart_test ...........***Failed    0.02 sec
2/3 Test  #8: stock_test ..........   Passed    0.02 sec
9: is still waiting
3/3 Test  #9: slow_test ...........***Timeout  60.00 sec
"""

CRASH = """INFO: Seed: 1
==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1
READ of size 1 at 0x1 thread T0
    #0 0x1 in parse(char const*) parser.cpp:7
    #1 0x2 in LLVMFuzzerTestOneInput parser_fuzz.cpp:9
0x1 is located 0 bytes to the right of 4-byte region
SUMMARY: AddressSanitizer: heap-buffer-overflow parser.cpp:7 in parse
Base64: AAAA
"""

UNITTEST = f"""test_a (tests.e2e.test_shop.Shop.test_a) ... FAIL
test_b (tests.e2e.test_shop.Shop.test_b) ... skipped 'no such kernel'

{"=" * 70}
FAIL: test_a (tests.e2e.test_shop.Shop.test_a)
Orders are counted.
{"-" * 70}
Traceback (most recent call last):
  File "/src/tests/e2e/test_shop.py", line 12, in test_a
    self.assertEqual(orders, 7, log)
AssertionError: 6 != 7 : the agent said
""" + "a line of its log\n" * 200 + f"""
{"-" * 70}
Ran 2 tests in 3.1s

FAILED (failures=1, skipped=1)
"""


def titles(reader, text):
    return [failure.title for failure in failures_in(reader, text.splitlines())]


def told(reader, text):
    return "\n".join(shown(failures_in(reader, text.splitlines())))


class ShowFailures(unittest.TestCase):
    def test_ctest_names_each_failed_case_and_what_broke_off(self):
        cart, slow = failures_in("ctest", CTEST.splitlines())
        self.assertEqual(cart.title, "cart_test: cart: is empty")
        self.assertEqual(cart.lines, [
            "/src/tests/cart_test.cpp:12: ERROR: CHECK( x.size() == 0 ) is NOT correct!",
            "  values: CHECK( 1 == 0 )"])
        self.assertIn("slow_test ...........***Timeout", slow.title)
        self.assertEqual(slow.lines, ["is still waiting"])

    def test_ctest_shows_what_a_sanitizer_found_in_green_cases(self):
        text = "".join(f"3: {line}\n" for line in CRASH.splitlines())
        text += "1/1 Test #3: parser_test ....***Failed 0.1 sec\n"
        self.assertEqual(titles("ctest", text), ["parser_test: a sanitizer's report"])
        self.assertIn("#0 0x1 in parse(char const*) parser.cpp:7", told("ctest", text))

    def test_a_build_that_breaks_shows_its_errors(self):
        text = "[1/2] Building x\nFAILED: x.o\nx.cpp:3:1: error: no such thing\nninja: build stopped\n"
        self.assertEqual(titles("ctest", text), ["it did not build or start"])
        self.assertIn("x.cpp:3:1: error: no such thing", told("ctest", text))

    def test_unittest_keeps_the_exception_of_a_long_report(self):
        text = told("unittest", UNITTEST)
        self.assertIn("FAIL: test_a (tests.e2e.test_shop.Shop.test_a)", text)
        self.assertIn("self.assertEqual(orders, 7, log)", text)
        self.assertIn("AssertionError: 6 != 7 : the agent said", text)
        self.assertIn("more lines in the log", text)
        self.assertNotIn("Ran 2 tests", text)

    def test_unittest_names_skipped_tests_since_they_count_as_failed(self):
        self.assertEqual(titles("unittest", UNITTEST)[1:],
                         ["SKIPPED: test_b (tests.e2e.test_shop.Shop.test_b) 'no such kernel'"])

    def test_a_suite_that_just_ends_shows_its_end(self):
        self.assertIn("Killed", told("unittest", "test_a ... ok\nKilled\n"))
        self.assertNotEqual(told("unittest", ""), "")

    def test_check_shows_a_failed_steps_errors_only(self):
        text = ("check format: ok\nnoise\na.cpp:1:2: error: bad [x]\n  int a;\ncheck tidy: FAILED\n"
                "In dev line 3:\ncheck shell: FAILED\n")
        tidy, shell = failures_in("check", text.splitlines())
        self.assertEqual((tidy.title, tidy.lines), ("check tidy: FAILED", ["a.cpp:1:2: error: bad [x]"]))
        self.assertEqual(shell.lines, ["In dev line 3:"])

    def test_fuzz_shows_the_crash_from_its_log(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "parser.log"
            log.write_text(CRASH)
            text = told("fuzz", f"fuzz other: ok, 7 runs\nfuzz parser: FAILED ({log})\n")
        self.assertNotIn("other", text)
        for part in ("fuzz parser: FAILED", "#1 0x2 in LLVM", "SUMMARY: AddressSanitizer", "Base64: AAAA"):
            self.assertIn(part, text)
        self.assertNotIn("is located", text)

    def test_fuzz_shows_twelve_frames(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "parser.log"
            log.write_text("property broken: x\n" + "".join(f"    #{i} 0x1 in f\n" for i in range(50)))
            text = told("fuzz", f"fuzz parser: FAILED ({log})\n")
        self.assertIn("#11 ", text)
        self.assertNotIn("#12 ", text)

    def test_fuzz_without_seeds_says_so(self):
        line = "fuzz parser: FAILED, it has no seeds in tests/fuzz/corpus/parser"
        self.assertEqual(titles("fuzz", line), [line])

    def test_kernels_show_the_last_boot_and_the_tests_that_failed_in_it(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log-5.10"
            log.write_text(CTEST.replace("7: ", ""))
            wrong = f"BPF tests: 2 passed, 1 failed (log: {log})"
            text = (f"kernel 5.10, boot 1 of at most 2: oom is off (log: {log})\n"
                    f"kernel 5.10, boot 2 of at most 2: {wrong}\n"
                    "kernel 6.1, boot 1 of at most 2: by chance\n")
            self.assertEqual(titles("kernels", text),
                             ["kernel 5.10: BPF tests: 2 passed, 1 failed", "kernel 5.10: cart: is empty"])

    def test_many_failures_are_named_within_the_bound(self):
        many = shown([Failure(f"case {i}", ["why"] * 100) for i in range(100)])
        self.assertEqual(len(many), LINES_MAX)
        self.assertIn("  case 39", many)
        self.assertEqual(many[-1], "  and 60 more")
        few = shown([Failure("one", ["a"]), Failure("two", ["b"] * 100, 50)])
        self.assertEqual(len(few), 2 + 1 + FAILURE_LINES_MAX)

    def test_a_long_line_is_cut(self):
        self.assertLess(len(shown([Failure("x", ["y" * 10_000])])[1]), 500)


if __name__ == "__main__":
    unittest.main()
