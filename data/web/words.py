#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The words of codes for files, as the command-line peer has them, for the page.

Usage: words.py SOURCE OUTPUT
"""
import re
import sys


def main(source, output):
    text = open(source, encoding='utf-8').read()
    words = re.findall(r'"([a-z]+)"', text[text.index('= {'):])
    if len(words) != 1024 or len(set(words)) != 1024:
        sys.exit(f'{source}: {len(set(words))} words, and not 1024')
    with open(output, 'w', encoding='utf-8') as out:
        out.write('/* SPDX-License-Identifier: LGPL-2.1-or-later */\n')
        out.write(f"export const words = '{' '.join(words)}'.split(' ');\n")


main(*sys.argv[1:])
