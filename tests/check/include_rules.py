#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom.

1. bpf/ < messages/ < actors/*/ < main.cpp: each includes itself and what stands before it.
2. An actor's folder includes another actor's header only where that header has a line
   "// Shared with: <folder>, <folder>" or "// Shared with: all".
3. CAF, directly or through another header, is for messages/type_ids.hpp, messages/actors.*,
   actors/<name>/<name>.*, main.cpp and tests; any other file says why in a line
   "// Uses CAF: <why>".
"""

import functools
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
SHARED = re.compile(r"^// Shared with: (.+)$", re.MULTILINE)
USES_CAF = re.compile(r"^// Uses CAF: \S", re.MULTILINE)
SOURCES = {".c", ".h", ".cpp", ".hpp"}
LAYERS = ("bpf", "messages", "actors")


def layer(path):
    """0 bpf, 1 messages, 2 actors, 3 main.cpp, 4 tests and the rest."""
    top = path.parts[0]
    if top in LAYERS:
        return LAYERS.index(top)
    return 3 if path == pathlib.PurePath("main.cpp") else 4


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)

    def files(self):
        for top in (*LAYERS, "tests"):
            for path in sorted((self.root / top).rglob("*")):
                if path.suffix in SOURCES:
                    yield path.relative_to(self.root)
        yield pathlib.PurePath("main.cpp")

    @functools.cache
    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    def own_includes(self, path):
        """Headers of this repository, found as the compiler finds them."""
        for quote, name in INCLUDE.findall(self.text(path)):
            if quote == '"':
                for candidate in (pathlib.PurePath(name), path.parent / name):
                    if (self.root / candidate).is_file():
                        yield candidate
                        break

    @functools.cache
    def uses_caf(self, path):
        if any(name.startswith("caf/") for _, name in INCLUDE.findall(self.text(path))):
            return True
        return any(self.uses_caf(header) for header in self.own_includes(path))


def may_use_caf(path, text):
    if layer(path) >= 3 or USES_CAF.search(text):
        return True
    if path.parts[0] == "messages":
        return path.stem == "actors" or path.name == "type_ids.hpp"
    return path.parts[0] == "actors" and path.stem == path.parts[1]


def shared_with(text, folder):
    match = SHARED.search(text)
    return bool(match) and bool({folder, "all"} & set(re.split(r",\s*", match[1].strip())))


def violations(root):
    tree = Tree(root)
    for path in tree.files():
        for header in tree.own_includes(path):
            if layer(header) > layer(path):
                yield f"{path}: includes {header}, which stands above it"
            elif (layer(path) == layer(header) == 2 and path.parts[1] != header.parts[1]
                  and not shared_with(tree.text(header), path.parts[1])):
                yield (f"{path}: includes {header}, which does not say"
                       f' "// Shared with: {path.parts[1]}"')
        if tree.uses_caf(path) and not may_use_caf(path, tree.text(path)):
            yield f"{path}: includes CAF; only the actor itself does"


if __name__ == "__main__":
    found = list(violations(pathlib.Path(__file__).resolve().parents[2]))
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)
