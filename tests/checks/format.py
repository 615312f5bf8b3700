#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every C file is as clang-format writes it, and no text file has stray white space."""

import os
import re
import shutil
import subprocess
import sys

import tree

STYLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.clang-format")
TEXT = (".c", ".h", ".in", ".py", ".js", ".mjs", ".ts", ".sh", ".go", ".build", ".md", ".css", ".html")


def check(root):
    sources = tree.files(root, "src", "tests", ends=(".c", ".h"))
    if sources:
        shown = subprocess.run(
            ["clang-format", "--dry-run", "--ferror-limit=1", f"--style=file:{STYLE}", *sources],
            cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
        wrong = re.findall(r"^(\S+?):\d+:\d+: ", shown.stdout.decode(), re.MULTILINE)
        for path in sorted(set(wrong)):
            yield f"{path}: not formatted; run clang-format -i {path}"
    for path in tree.files(root, ends=TEXT):
        if "/samples/" in path or "/corpus/" in path:
            continue
        text = tree.read(root, path)
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip(" \t") or "\r" in line:
                yield f"{path}:{number}: white space at the end of the line"
        if text and not text.endswith("\n"):
            yield f"{path}: no line end at the end of the file"


GOOD = {"src/base/a.c": "int\nmain (void)\n{\n  return 0;\n}\n"}
PLANTED = {
    "braces": {"src/base/a.c": "int main(void) { return 0; }\n"},
    "tail": {"tests/run.py": "x = 1 \n"},
    "no-line-end": {"tests/run.py": "x = 1"},
}

if __name__ == "__main__":
    if shutil.which("clang-format") is None:
        print("clang-format is not installed")
        sys.exit(77)
    tree.main(check, GOOD, PLANTED)
