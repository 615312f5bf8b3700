#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""po/POTFILES.in lists exactly the files that have text to translate, and gettext sees all of it."""

import re

import tree

MARKED = re.compile(r'(?<![A-Za-z0-9_])(?:_|N_|C_|NC_|ngettext|g_dngettext|g_dpgettext2?)\s*\(\s*"')

# xgettext knows PRIu64 and the like alone: of "a %" G_GUINT64_FORMAT it would take "a %"
GLUED = re.compile(r'%"\s*G_[A-Z0-9]+_FORMAT')
CALL = re.compile(MARKED.pattern + r'(?:[^"\\]|\\.)*"(?:\s*(?:"(?:[^"\\]|\\.)*"|[A-Z][A-Za-z0-9_]*))*')


def check(root):
    listed = [line.strip() for line in tree.read(root, "po/POTFILES.in").split("\n")]
    listed = [line for line in listed if line and not line.startswith("#")]
    marked = [path for path in tree.files(root, "src", ends=(".c", ".h"))
              if MARKED.search(tree.read(root, path))]
    if listed != sorted(set(listed)):
        yield "po/POTFILES.in: not sorted, or a file stands there twice"
    for path in marked:
        if any(GLUED.search(call[0]) for call in CALL.finditer(tree.read(root, path))):
            yield f"{path}: G_…_FORMAT in text to translate; gettext takes PRIu64, %zu or %s"
    for path in sorted(set(marked) - set(listed)):
        yield f"{path}: has text to translate and is not in po/POTFILES.in"
    for path in sorted(set(listed) - set(marked)):
        yield f"po/POTFILES.in: {path} has no text to translate"


GOOD = {
    "po/POTFILES.in": "# files\nsrc/daemon/main.c\n",
    "src/daemon/main.c": 'puts (_("Ready"));\n',
    "src/base/a.c": 'call_me_(x); MACRO_ ("no");\n',
}
PLANTED = {
    "missing": {"src/base/a.c": 'puts (N_("Text"));\n'},
    "plural": {"src/base/a.c": 'puts (ngettext ("one", "many", n));\n'},
    "glued": {"src/daemon/main.c": 'puts (_ ("a \\" %" G_GSIZE_FORMAT " of"\n  "b"));\n'},
    "needless": {"po/POTFILES.in": "src/base/a.c\nsrc/daemon/main.c\n"},
    "unsorted": {
        "po/POTFILES.in": "src/daemon/main.c\nsrc/base/a.c\n",
        "src/base/a.c": 'puts (_("Text"));\n',
    },
}

if __name__ == "__main__":
    tree.main(check, GOOD, PLANTED)
