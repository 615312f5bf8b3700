#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""libwherry exports what the headers of src/lib make available, all of it and nothing else.

symbols.py ROOT LIBRARY, or symbols.py --self-test COMPILER..."""

import os
import re
import subprocess
import sys
import tempfile

import tree

DECLARED = re.compile(r"WHERRY_AVAILABLE_IN_\w+\s+[^;{]*?\b(wherry_\w+)\s*\(", re.DOTALL)
# The error domain is every layer's.
ERROR = ("src/base/wherry-error.c", "src/base/wherry-error.h")
ERROR_DECLARED = re.compile(r"^GQuark (wherry_\w+) \(void\);", re.MULTILINE)
# What a macro of GObject declares, and what glib-mkenums makes of the enums.
TYPE_DECLARED = re.compile(r"WHERRY_AVAILABLE_IN_\w+\s+G_DECLARE_\w+\s*\(\s*\w+,\s*(\w+),")
ENUM_DECLARED = re.compile(r"^} (Wherry\w+);", re.MULTILINE)
EXPORTS = re.compile(r"WHERRY_AVAILABLE_IN_\w+|visibility\s*\(\s*\"default\"|G_MODULE_EXPORT")


def exported(library):
    shown = subprocess.run(["nm", "--dynamic", "--defined-only", "--format=posix", library],
                           stdout=subprocess.PIPE, check=True)
    names = {line.split()[0] for line in shown.stdout.decode().splitlines()}
    # names of the compiler's own
    return {name for name in names if not name.startswith("__")}


def type_getter(name):
    """WherryIceRole -> wherry_ice_role_get_type"""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() + "_get_type"


def check(root, symbols):
    declared = set()
    for path in tree.files(root, "src", ends=(".h", ".h.in", ".c")):
        text = tree.read(root, path)
        if path.startswith("src/lib/") and path.endswith("-private.h"):
            if EXPORTS.search(text):
                yield f"{path}: is not installed, so it cannot make a symbol public"
        elif path.startswith("src/lib/"):
            if path.endswith((".h", ".h.in")):
                declared |= set(DECLARED.findall(text))
                declared |= {name + "_get_type" for name in TYPE_DECLARED.findall(text)}
                declared |= {type_getter(name) for name in ENUM_DECLARED.findall(text)}
        elif path in ERROR:
            declared |= set(ERROR_DECLARED.findall(text))
            declared |= {type_getter(name) for name in ENUM_DECLARED.findall(text)}
        elif EXPORTS.search(text):
            yield f"{path}: only src/lib makes symbols public"
    for symbol in sorted(symbols - declared):
        yield f"{symbol}: exported, and no header of src/lib makes it available"
    for symbol in sorted(declared - symbols):
        yield f"{symbol}: available by a header of src/lib, and not exported"
    if not declared:
        yield "src/lib: no header makes anything available"


HEADER = "WHERRY_AVAILABLE_IN_0_1\nint wherry_a (void);\n"
BODY = '__attribute__ ((visibility ("default"))) int wherry_%s (void);\n' \
       "int wherry_%s (void) { return 1; }\n"
CASES = {
    "clean": ("a", {}, False),
    "one-too-many": ("ab", {}, True),
    "one-missing": ("", {}, True),
    "elsewhere": ("a", {"src/base/b.h": HEADER}, True),
    "private": ("a", {"src/lib/b-private.h": "typedef struct\n{\n} WherryB;\n"}, False),
    "not-installed": ("a", {"src/lib/b-private.h": HEADER}, True),
}


def self_test(compiler):
    print(f"1..{len(CASES)}")
    failed = False
    for number, (name, (letters, changes, bad)) in enumerate(CASES.items(), 1):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {"src/lib/a.h": HEADER, **changes}.items():
                tree.write(root, path, text)
            body = "".join(BODY % (letter, letter) for letter in letters)
            tree.write(root, "all.c", body or "extern int x;\n")
            library = os.path.join(root, "all.so")
            subprocess.run([*compiler, "-shared", "-fPIC", "-fvisibility=hidden", "-nostdlib",
                            "-o", library, os.path.join(root, "all.c")], check=True)
            complaints = list(check(root, exported(library)))
        right = bool(complaints) == bad
        failed = failed or not right
        print(f"{'ok' if right else 'not ok'} {number} {name}")
    return failed


if __name__ == "__main__":
    if sys.argv[1] == "--self-test":
        sys.exit(1 if self_test(sys.argv[2:]) else 0)
    found = list(check(sys.argv[1], exported(sys.argv[2])))
    print("\n".join(found) or "nothing to complain about")
    sys.exit(1 if found else 0)
