# SPDX-License-Identifier: Apache-2.0
"""A measured figure, its spread and its budget; and the table of them."""

import dataclasses
import statistics

median = statistics.median


@dataclasses.dataclass
class Figure:
    what: str
    unit: str
    samples: list
    budget: float | None = None  # at most; None: it has none

    def value(self):
        return median(self.samples)

    def quartiles(self):
        if len(self.samples) < 2:
            return self.samples[0], self.samples[0]
        low, _, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return low, high

    def verdict(self):
        if self.budget is None:
            return ""
        return "ok" if self.value() <= self.budget else "OVER"

    def as_json(self):
        low, high = self.quartiles()
        return {"what": self.what, "unit": self.unit, "median": self.value(), "quartile_1": low,
                "quartile_3": high, "samples": self.samples, "budget": self.budget}


def table(figures):
    rows = [("figure", "median", "quartiles", "budget", "")]
    for figure in figures:
        low, high = figure.quartiles()
        budget = "" if figure.budget is None else f"<= {figure.budget:g} {figure.unit}"
        rows.append((figure.what, f"{figure.value():.3f} {figure.unit}", f"{low:.3f} .. {high:.3f}",
                     budget, figure.verdict()))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows)
