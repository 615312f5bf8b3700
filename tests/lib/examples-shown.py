# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page holds each example as it is in its file. Usage: PAGE EXAMPLE..."""

import re
import sys

with open(sys.argv[1], encoding="utf-8") as page:
    blocks = re.findall(r"^```\w*\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)
status = 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as example:
        if example.read() not in blocks:
            print(f"{sys.argv[1]} does not hold {path} as it is")
            status = 1
sys.exit(status)
