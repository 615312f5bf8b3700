#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Joins the parts of the browser module into one file, so that a page needs exactly one.

Usage: bundle.py OUTPUT HEADER PART...   (parts in the order in which they need each other)

The parts import only each other, on one line each, and only the last one exports to the world.
"""
import re
import sys

LICENSE = re.compile(r'^/\* SPDX-License-Identifier: .* \*/\n')
IMPORT = re.compile(r"^import \{[^}]*\} from '\./[a-z]+\.js';\n", re.M)
EXPORT = re.compile(r'^export (?=const|class|function)', re.M)


def main(output, header, *parts):
    text = open(header, encoding='utf-8').read()
    for number, part in enumerate(parts, start=1):
        body = open(part, encoding='utf-8').read()
        body = IMPORT.sub('', LICENSE.sub('', body))
        if number < len(parts):
            body = EXPORT.sub('', body)
        if re.search(r'^import ', body, re.M):
            sys.exit(f'{part}: an import that is no one-line import of another part')
        text += '\n' + re.sub(r'\n{3,}', '\n\n', body).strip('\n') + '\n'
    open(output, 'w', encoding='utf-8').write(text)


main(*sys.argv[1:])
