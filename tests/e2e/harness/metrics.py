# SPDX-License-Identifier: Apache-2.0
"""A strict parser of the Prometheus text format 0.0.4: what is not exactly right is an error."""

import math
import re

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
_ESCAPES = {"\\": "\\", '"': '"', "n": "\n"}


class FormatError(AssertionError):
    """The exposition breaks a rule of the format."""


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.help = {}
        self.types = {}
        self.samples = {}  # name -> {frozenset of label pairs: value}
        self._closed_families = set()
        self._family = None
        self._parse(text)
        self._check_histograms()

    def series(self, name, **labels):
        """[(labels, value)] of the series that have at least these labels."""
        wanted = labels.items()
        return [(dict(key), value) for key, value in self.samples.get(name, {}).items()
                if wanted <= dict(key).items()]

    def value(self, name, **labels):
        """The sum over the matching series; 0 when there is none."""
        return sum(value for _, value in self.series(name, **labels))

    def label_values(self, name, label, **labels):
        return {found[label] for found, _ in self.series(name, **labels) if label in found}

    def losses(self):
        """[(labels, count)] of events lost, but for those that belong to nobody in the test: ends
        of connections that are older than the agent, and whose process was gone before it."""
        return [(labels, value) for labels, value in self.series("troupe_events_lost_total")
                if value and labels["reason"] != "owner_unknown"]

    def _parse(self, text):
        if not text.endswith("\n"):
            raise FormatError("the last line does not end in a newline")
        for number, line in enumerate(text[:-1].split("\n"), 1):
            try:
                self._parse_line(line)
            except FormatError as error:
                raise FormatError(f"line {number}: {error}: {line!r}") from None

    def _parse_line(self, line):
        if line.startswith("# HELP "):
            name, _, text = line[len("# HELP "):].partition(" ")
            self._open_family(name)
            if name in self.help:
                raise FormatError("a second HELP")
            self.help[name] = text
        elif line.startswith("# TYPE "):
            name, _, kind = line[len("# TYPE "):].partition(" ")
            self._open_family(name)
            if name in self.types:
                raise FormatError("a second TYPE")
            if kind not in _TYPES:
                raise FormatError("no such type")
            self.types[name] = kind
        elif line.startswith("#") or line == "":
            raise FormatError("neither HELP, TYPE nor a sample")
        else:
            self._add_sample(*_parse_sample(line))

    def _open_family(self, name):
        if not _NAME.fullmatch(name):
            raise FormatError("not a metric name")
        if name == self._family:
            return
        if name in self._closed_families:
            raise FormatError("the family's lines are not together")
        if self._family is not None:
            self._closed_families.add(self._family)
        self._family = name

    def _add_sample(self, name, labels, value):
        family = self._family_of(name)
        if family != self._family:
            raise FormatError("a sample outside its family, or without HELP and TYPE")
        if family not in self.types or family not in self.help:
            raise FormatError("a sample without HELP and TYPE before it")
        if self.types[family] in ("counter", "histogram") and (value < 0 or math.isnan(value)):
            raise FormatError("a counter that is negative or no number")
        key = frozenset(labels.items())
        if key in self.samples.setdefault(name, {}):
            raise FormatError("a second sample of the same series")
        self.samples[name][key] = value

    def _family_of(self, name):
        if self._family is not None and self.types.get(self._family) == "histogram":
            for suffix in ("_bucket", "_sum", "_count"):
                if name == self._family + suffix:
                    return self._family
        return name

    def _check_histograms(self):
        for family, kind in self.types.items():
            if kind == "histogram":
                self._check_histogram(family)

    def _check_histogram(self, family):
        buckets = {}
        for key, value in self.samples.get(f"{family}_bucket", {}).items():
            labels = dict(key)
            if "le" not in labels:
                raise FormatError(f"{family}: a bucket without le")
            bound = _parse_number(labels.pop("le"))
            buckets.setdefault(frozenset(labels.items()), []).append((bound, value))
        counts = self.samples.get(f"{family}_count", {})
        if buckets.keys() != counts.keys() or \
                buckets.keys() != self.samples.get(f"{family}_sum", {}).keys():
            raise FormatError(f"{family}: not every series has buckets, sum and count")
        for key, found in buckets.items():
            found.sort()
            values = [value for _, value in found]
            if values != sorted(values):
                raise FormatError(f"{family}: buckets are not cumulative")
            if found[-1][0] != math.inf or values[-1] != counts[key]:
                raise FormatError(f"{family}: the +Inf bucket is not the count")


def _parse_number(text):
    if text != text.strip() or "_" in text:
        raise FormatError("not a number")
    try:
        return float(text)
    except ValueError:
        raise FormatError("not a number") from None


def _parse_sample(line):
    name = _NAME.match(line)
    if not name:
        raise FormatError("not a metric name")
    rest = line[name.end():]
    labels = {}
    if rest.startswith("{"):
        labels, rest = _parse_labels(rest[1:])
    if not rest.startswith(" ") or rest.count(" ") != 1:
        raise FormatError("one blank and one value belong here")
    return name.group(), labels, _parse_number(rest[1:])


def _parse_labels(text):
    labels = {}
    while True:
        if text.startswith("}"):
            return labels, text[1:]
        name = _LABEL_NAME.match(text)
        if not name or not text[name.end():].startswith('="'):
            raise FormatError("not a label")
        if name.group() in labels:
            raise FormatError("a label twice")
        labels[name.group()], text = _parse_quoted(text[name.end() + 2:])
        if text.startswith(","):
            text = text[1:]
        elif not text.startswith("}"):
            raise FormatError("labels are not separated by a comma")


def _parse_quoted(text):
    """Returns the value and what follows its closing quote."""
    value = []
    characters = iter(enumerate(text))
    for i, character in characters:
        if character == '"':
            return "".join(value), text[i + 1:]
        if character == "\\":
            _, escaped = next(characters, (i, ""))
            if escaped not in _ESCAPES:
                raise FormatError("no such escape")
            character = _ESCAPES[escaped]
        value.append(character)
    raise FormatError("a label value without an end")
