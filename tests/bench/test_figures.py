# SPDX-License-Identifier: Apache-2.0
import unittest

from tests.bench.figures import Figure, Theme, table, text_of


class Figures(unittest.TestCase):
    def test_the_value_is_the_median_and_the_spread_the_quartiles(self):
        figure = Figure("start", "s", [4, 1, 3, 2, 5])
        self.assertEqual(figure.value(), 3)
        self.assertEqual(figure.quartiles(), (2, 4))

    def test_one_sample_has_no_spread(self):
        self.assertEqual(Figure("start", "s", [7]).quartiles(), (7, 7))

    def test_a_budget_is_at_most_unless_it_is_at_least(self):
        self.assertEqual(Figure("memory", "MB", [30], 30).verdict(), "ok")
        self.assertEqual(Figure("memory", "MB", [31], 30).verdict(), "MISSED")
        self.assertEqual(Figure("replay", "M/s", [5], 5, at_least=True).verdict(), "ok")
        self.assertEqual(Figure("replay", "M/s", [4.9], 5, at_least=True).verdict(), "MISSED")

    def test_without_a_budget_there_is_no_verdict(self):
        figure = Figure("noise", "x", [1])
        self.assertEqual((figure.verdict(), figure.budget_text()), ("", ""))

    def test_as_json_everything_is_there(self):
        self.assertEqual(Figure("scrape", "s", [1, 2, 3], 0.25, note="busy").as_json(),
                         {"what": "scrape", "unit": "s", "median": 2, "quartile_1": 1.5,
                          "quartile_3": 2.5, "samples": [1, 2, 3], "budget": 0.25,
                          "budget_is": "at most", "verdict": "MISSED", "note": "busy"})

    def test_numbers_of_any_size_have_some_digits(self):
        self.assertEqual([text_of(x) for x in (0, 0.00123, 1.0024, 25.66, 431.26, 5_123_456.7)],
                         ["0", "0.001", "1.002", "25.66", "431.3", "5123457"])

    def test_the_table_is_markdown_with_a_heading_a_theme(self):
        themes = [Theme("start", "Start", [Figure("ready", "s", [0.1], 0.5),
                                           Figure("idle", "MB", [20, 22], note="maps too")])]
        self.assertEqual(table(themes).split("\n"), [
            "| figure          | median   | quartiles      | budget   |    |",
            "|-----------------|----------|----------------|----------|----|",
            "| **Start**       |          |                |          |    |",
            "| ready           | 0.100 s  |                | <= 0.5 s | ok |",
            "| idle (maps too) | 21.00 MB | 20.50 .. 21.50 |          |    |"])


if __name__ == "__main__":
    unittest.main()
