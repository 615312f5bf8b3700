#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""manual.py VERSION KEYS.C OUTPUT PART...: puts a manual page together.

A part is a piece of man(7), with @VERSION@ filled in. Of a part in Markdown only the table of keys
is taken: each row `| `key` | default | text |` becomes an option, and KEYS.C (the table that the
program itself uses) says what its argument is called. A key that is in one of them alone is an
error, so that the page has neither too little nor too much."""

import re
import sys

ROW = re.compile(r"^\| `([a-z-]+)` \|(?: (.*?))? \|(?: (.*?))? \|$", re.MULTILINE)
KEY = re.compile(r'^  \{ "([a-z-]+)", (?:N_ \("([^"]+)"\)|NULL),', re.MULTILINE)


def escape(text):
    """Plain text for man(7)."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text)


def convert(text):
    """A table cell of Markdown."""
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text.strip())
    pieces = text.split("`")
    return "".join(f"\\fB{escape(piece)}\\fP" if n % 2 else escape(piece)
                   for n, piece in enumerate(pieces))


def options(document, arguments):
    rows = ROW.findall(document)
    odd = {name for name, _, _ in rows} ^ set(arguments)
    if odd or len(rows) != len(arguments):
        sys.exit(f"manual.py: of the keys only one of the two tables has: {sorted(odd)}")
    for name, default, text in rows:
        argument = arguments[name]
        head = f"\\fB\\-\\-{escape(name)}\\fP" + (f" \\fI{escape(argument)}\\fP" if argument else "")
        yield f".TP\n{head}\n"
        if not text:
            sys.exit(f"manual.py: nothing is said of {name}")
        said = [convert(text[0].upper() + text[1:])]
        if default and argument:
            said.append(f"Default: {convert(default)}")
        # a sentence a line, so that the space behind it is the formatter's
        yield "".join(line.removesuffix(".") + ".\n" for line in said)


def main(version, keys, output, *parts):
    with open(keys, encoding="utf-8") as file:
        arguments = dict(KEY.findall(file.read()))
    page = []
    for part in parts:
        with open(part, encoding="utf-8") as file:
            text = file.read()
        page.append("".join(options(text, arguments)) if part.endswith(".md")
                    else text.replace("@VERSION@", version))
    with open(output, "w", encoding="utf-8") as file:
        file.write("".join(page))


if __name__ == "__main__":
    main(*sys.argv[1:])
