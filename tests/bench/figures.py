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
    budget: float | None = None  # None: it has none
    at_least: bool = False  # what the budget is: at least, or at most
    note: str = ""  # what a reader of the number has to know

    def value(self):
        return median(self.samples)

    def quartiles(self):
        if len(self.samples) < 2:
            return self.samples[0], self.samples[0]
        low, _, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return low, high

    def budget_text(self):
        if self.budget is None:
            return ""
        return f"{'>=' if self.at_least else '<='} {self.budget:g} {self.unit}"

    def verdict(self):
        if self.budget is None:
            return ""
        met = self.value() >= self.budget if self.at_least else self.value() <= self.budget
        return "ok" if met else "MISSED"

    def as_json(self):
        low, high = self.quartiles()
        return {"what": self.what, "unit": self.unit, "median": self.value(), "quartile_1": low,
                "quartile_3": high, "samples": self.samples, "budget": self.budget,
                "budget_is": "at least" if self.at_least else "at most",
                "verdict": self.verdict(), "note": self.note}


@dataclasses.dataclass
class Theme:
    """What is measured together, under one name and one heading."""

    name: str
    heading: str
    figures: list

    def as_json(self):
        return {"theme": self.name, "heading": self.heading,
                "figures": [figure.as_json() for figure in self.figures]}


def text_of(value):
    """Four digits that mean something, whatever the size of the number."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:.0f}"
    digits = 3 if abs(value) < 10 else 2 if abs(value) < 100 else 1
    return f"{value:.{digits}f}"


def table(themes):
    """Markdown, so that it can be pasted into docs/performance.md as it is."""
    rows = [("figure", "median", "quartiles", "budget", "")]
    for theme in themes:
        rows.append((f"**{theme.heading}**", "", "", "", ""))
        for figure in theme.figures:
            low, high = (text_of(x) for x in figure.quartiles())
            spread = f"{low} .. {high}" if len(figure.samples) > 1 else ""
            rows.append((figure.what + (f" ({figure.note})" if figure.note else ""),
                         f"{text_of(figure.value())} {figure.unit}", spread, figure.budget_text(),
                         figure.verdict()))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
