# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lines of participant.md, for the stacks that run in Python."""

import hashlib
import json
import threading

_lock = threading.Lock()


def say(**event):
    with _lock:
        print(json.dumps(event), flush=True)


def payload(head, size):
    data = bytearray(ord("a") + i % 26 for i in range(size))
    data[:len(head)] = head.encode()[:size]
    return bytes(data)


def heard(message, **where):
    """A message came: a string, or bytes."""
    text = isinstance(message, str)
    data = message.encode() if text else message
    head = data[:24].decode("utf-8", "replace")
    say(event="message", **where, kind="text" if text else "binary", size=len(data),
        sha256=hashlib.sha256(data).hexdigest(), head=head[:head.rfind(":") + 1])


def refused(order, error):
    say(event="failed", do=order.get("do") or order.get("type"), channel=order.get("channel"),
        message=f"{error}" or type(error).__name__)
