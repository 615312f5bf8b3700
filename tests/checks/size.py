#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No source file over 500 lines."""

import tree

LIMIT = 500
SOURCES = (".c", ".h", ".in", ".py", ".js", ".mjs", ".ts", ".sh", ".go", ".css", ".html", ".build")


def check(root):
    for path in tree.files(root, "src", "tests", "data", ends=SOURCES):
        lines = tree.read(root, path).count("\n")
        if lines > LIMIT:
            yield f"{path}: {lines} lines; split it (at most {LIMIT})"


GOOD = {"src/base/a.c": "\n" * LIMIT, "tests/base/list.txt": "\n" * (LIMIT + 1)}
PLANTED = {
    "source": {"src/base/a.c": "\n" * (LIMIT + 1)},
    "test": {"tests/base/test-a.c": "\n" * (LIMIT + 1)},
    "page": {"data/web/page.js": "\n" * (LIMIT + 1)},
}

if __name__ == "__main__":
    tree.main(check, GOOD, PLANTED)
