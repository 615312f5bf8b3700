# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checkers share: which files there are, how to report, how to test a checker."""

import os
import subprocess
import sys
import tempfile

SKIPPED = {".git", "node_modules", "__pycache__", ".cache"}


def files(root, *folders, ends=()):
    """Paths below root, relative to it, of files that belong to the tree."""
    found = []
    for path in _tracked(root):
        inside = not folders or path.split("/")[0] in folders
        if inside and (not ends or path.endswith(tuple(ends))):
            found.append(path)
    return sorted(found)


def _tracked(root):
    if os.path.exists(os.path.join(root, ".git")):
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z",
             "--cached", "--others", "--exclude-standard"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if listed.returncode == 0:
            names = listed.stdout.decode().split("\0")
            return [n for n in names if n and os.path.isfile(os.path.join(root, n))]
    found = []
    for folder, names, leaves in os.walk(root):
        names[:] = [n for n in names if n not in SKIPPED and not n.startswith("build")]
        found += [os.path.relpath(os.path.join(folder, leaf), root) for leaf in leaves]
    return found


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def write(root, path, text):
    whole = os.path.join(root, path)
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    with open(whole, "w", encoding="utf-8") as file:
        file.write(text)


def main(check, good, planted):
    """check(root) yields complaints. With --self-test: it must be silent on the tree `good`
    (path -> text) and complain about each of `planted` (name -> changed paths) and of nothing
    else in it."""
    if sys.argv[1] != "--self-test":
        complaints = list(check(sys.argv[1]))
        print("\n".join(complaints) or "nothing to complain about")
        sys.exit(1 if complaints else 0)

    print(f"1..{len(planted) + 1}")
    cases = [("clean", {})] + list(planted.items())
    failed = False
    for number, (name, changes) in enumerate(cases, 1):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**good, **changes}.items():
                if text is not None:
                    write(root, path, text)
            complaints = list(check(root))
        right = bool(complaints) == bool(changes)
        failed = failed or not right
        print(f"{'ok' if right else 'not ok'} {number} {name}")
        for complaint in complaints:
            print(f"# {complaint}")
    sys.exit(1 if failed else 0)
