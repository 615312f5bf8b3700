# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs an example: it must end by itself, with what it promises and no complaint."""

import subprocess
import sys

done = subprocess.run(sys.argv[1:], capture_output=True, text=True, timeout=60, check=False)
if (done.returncode, done.stdout, done.stderr) != (0, "echoed: hello\n", ""):
    sys.exit(f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
