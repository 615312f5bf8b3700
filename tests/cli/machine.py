# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine of its own (a network namespace) with one address, for programs that look at every
interface: nothing of theirs leaves it, and there is one whatever the real machine has."""

import ctypes
import os
import subprocess

ADDRESS = "10.77.0.1"
CLONE_NEWNET = 0x40000000


def enter_machine():
    """Why not, or None: this process and what it starts are then on it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return f"no network namespace may be made here: {os.strerror(ctypes.get_errno())}"
    # with a way out, though nobody is there: without one browsers look for no way at all
    for words in ("link set lo up", "link add wherry0 type veth peer name wherry1",
                  "link set wherry1 up", f"address add {ADDRESS}/24 dev wherry0",
                  "link set wherry0 up", "route add default dev wherry0"):
        subprocess.run(["ip", *words.split()], check=True)
    return None
