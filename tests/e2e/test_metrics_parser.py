# SPDX-License-Identifier: Apache-2.0
"""The tests' own parser takes what the format allows, and nothing else."""

import unittest

from tests.e2e.harness.metrics import FormatError, Metrics

HEAD = "# HELP hits Hits.\n# TYPE hits counter\n"
HISTOGRAM = ("# HELP h H.\n# TYPE h histogram\n"
             'h_bucket{le="0.1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 0.3\nh_count 2\n')


class MetricsParser(unittest.TestCase):
    def test_values_and_labels(self):
        metrics = Metrics(HEAD + 'hits{a="x\\"\\\\\\n",b="2"} 3\nhits{a="y",b="2"} 4\n')
        self.assertEqual(metrics.value("hits"), 7)
        self.assertEqual(metrics.value("hits", a="y"), 4)
        self.assertEqual(metrics.label_values("hits", "a"), {'x"\\\n', "y"})
        self.assertEqual(metrics.value("misses"), 0)
        self.assertEqual(Metrics(HISTOGRAM).value("h_bucket", le="0.1"), 1)

    def test_what_breaks_a_rule_is_refused(self):
        for what, text in {
            "no newline at the end": HEAD + "hits 1",
            "the same series twice": HEAD + "hits 1\nhits 1\n",
            "labels in another order": HEAD + 'hits{a="1",b="2"} 1\nhits{b="2",a="1"} 1\n',
            "no type": "# HELP hits Hits.\nhits 1\n",
            "no family": "hits 1\n",
            "a family in two places": HEAD + "hits 1\n# HELP x X.\n# TYPE x gauge\nx 1\nhits 2\n",
            "a negative counter": HEAD + "hits -1\n",
            "a raw quote": HEAD + 'hits{a="x"y"} 1\n',
            "an unknown escape": HEAD + 'hits{a="\\t"} 1\n',
            "no value": HEAD + "hits\n",
            "a value that is none": HEAD + "hits one\n",
            "two blanks": HEAD + "hits  1\n",
            "a label twice": HEAD + 'hits{a="1",a="2"} 1\n',
            "an empty line": HEAD + "\nhits 1\n",
            "buckets that fall": HISTOGRAM.replace('"0.1"} 1', '"0.1"} 3'),
            "no +Inf": HISTOGRAM.replace('h_bucket{le="+Inf"} 2\n', ""),
            "a count of its own": HISTOGRAM.replace("h_count 2", "h_count 3"),
        }.items():
            with self.subTest(what), self.assertRaises(FormatError):
                Metrics(text)


if __name__ == "__main__":
    unittest.main()
