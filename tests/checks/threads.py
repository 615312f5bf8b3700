#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""data/docs/threads.md names each place that creates a thread."""

import re

import tree

CREATES = re.compile(
    r"(?<![A-Za-z0-9_])(wherry_worker_new\w*|g_thread_new|g_thread_try_new|g_thread_pool_new\w*"
    r"|g_task_run_in_thread\w*|pthread_create|thrd_create)\s*\(")
# Where the worker is made of a thread, declared or described, nothing new is created.
OWN = ("src/base/wherry-worker.c", "src/base/wherry-worker.h")
ROW = re.compile(r"^\|[^|]*\|\s*`(src/[^`]+)`", re.MULTILINE)


def check(root):
    named = ROW.findall(tree.read(root, "data/docs/threads.md"))
    creating = [path for path in tree.files(root, "src", ends=(".c", ".h"))
                if path not in OWN and CREATES.search(tree.read(root, path))]
    for path in sorted(set(creating) - set(named)):
        yield f"{path}: creates a thread that data/docs/threads.md does not name"
    for path in sorted(set(named) - set(creating)):
        yield f"data/docs/threads.md: {path} creates no thread"


GOOD = {
    "data/docs/threads.md": "| thread | created in |\n|---|---|\n| peer:N | `src/peer/a.c` | x |\n",
    "src/peer/a.c": "w = wherry_worker_new (name, error);\n",
    "src/base/wherry-worker.c": "g_thread_try_new (name, f, self, error);\n",
}
PLANTED = {
    "unnamed": {"src/relay/b.c": 'g_thread_new ("x", f, NULL);\n'},
    "task": {"src/relay/b.c": "g_task_run_in_thread (task, f);\n"},
    "many": {"src/relay/b.c": "w = wherry_worker_new_for_many (name, error);\n"},
    "gone": {"src/peer/a.c": "\n"},
}

if __name__ == "__main__":
    tree.main(check, GOOD, PLANTED)
