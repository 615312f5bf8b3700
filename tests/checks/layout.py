#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The top level is as it was drawn, no file is a drawer for anything, two programs have no file
of the same name, and every source file says its license."""

import os
import re

import tree

TOP = {
    "data", "src", "tests", "po", "meson.build", "meson_options.txt", "README.md", "LICENSE",
    ".ci", ".clang-format", ".editorconfig", ".gitignore",
}
DRAWER = re.compile(r"(^|[-_.])(utils?|common|misc|helpers?)([-_.]|$)")
LICENSE = "SPDX-License-Identifier: LGPL-2.1-or-later"


def check(root):
    bases = {}
    for path in tree.files(root):
        parts = path.split("/")
        if parts[0] not in TOP:
            yield f"{path}: nothing else belongs to the top level"
        if parts[0] in ("src", "tests", "data") and any(DRAWER.search(part) for part in parts):
            yield f"{path}: name it for what it does"
        if parts[0] == "src" and path.endswith((".c", ".h")):
            bases.setdefault(os.path.basename(path), []).append(path)
        if parts[0] in ("src", "tests") and path.endswith((".c", ".h")):
            if LICENSE not in tree.read(root, path).split("\n")[0]:
                yield f"{path}: its first line is not its license"
    for paths in bases.values():
        if len(paths) > 1:
            yield f"{' and '.join(paths)}: the same name"


SOURCE = f"/* {LICENSE} */\n"
GOOD = {"src/base/a.c": SOURCE, "README.md": "\n", ".ci/run": "\n", "tests/run": "\n"}
PLANTED = {
    "stray": {"docs/a.md": "\n"},
    "stray-file": {"NOTES": "\n"},
    "util": {"src/base/wherry-utils.c": SOURCE},
    "common": {"tests/common/a.c": SOURCE},
    "twice": {"src/daemon/a.c": SOURCE},
    "license": {"src/base/b.c": "int x;\n"},
}

if __name__ == "__main__":
    tree.main(check, GOOD, PLANTED)
