#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No include that climbs: a folder of src includes only what its layer may use, and each
third-party library is included in its own folders only."""

import re

import tree

# Whom a layer may use besides itself. The order of the folders comes from src/meson.build.
MAY_USE = {
    "base": [],
    "wire": ["base"],
    "transport": ["base", "wire"],
    "ice": ["base", "wire", "transport"],
    "dtls": ["base", "wire", "transport"],
    "sctp": ["base", "wire", "transport"],
    "channel": ["base", "wire", "transport"],
    "peer": ["base", "wire", "transport", "ice", "dtls", "sctp", "channel"],
    "relay": ["base", "wire", "peer"],
    "signaling": ["base", "wire", "transport", "ice", "dtls", "sctp", "channel", "peer", "relay"],
    "cluster": ["base", "wire", "relay"],
    "control": "*",
    "lib": "*",
    "daemon": "*",
    "cli": [],
}
# Single headers of plain data that a layer may see besides.
BESIDES = {
    "relay": ["ice/wherry-ice-config.h"],
    # the command-line peer is a user of the library as any other
    "cli": ["lib/wherry.h"],
}
NEVER = {"daemon": ["cli"], "cli": ["daemon"]}

# How a library's headers begin, and the folders that may include them.
LIBRARIES = {
    "json-glib/": ["wire", "cli"],
    "nice/": ["ice"],
    "agent.h": ["ice"],
    "stun/": ["ice"],
    "gnutls/": ["dtls", "cli"],
    "usrsctp": ["sctp"],
    "libsoup/": ["signaling"],
    "jwt": ["signaling"],
    "sqlite3": ["relay"],
    "systemd/": ["daemon"],
    "nats": ["cluster"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
SUBDIR = re.compile(r"^\s*subdir\s*\(\s*'([^']+)'", re.MULTILINE)


def complain(path, folder, order, bracket, header):
    top = header.split("/")[0]
    for prefix, folders in LIBRARIES.items():
        if bracket == "<" and header.startswith(prefix) and folder not in folders:
            return f"{path}: <{header}> belongs to {', '.join(folders)} alone"
    if bracket == "<" or header == "config.h":
        return None
    if "/" not in header:
        return f'{path}: "{header}" is written without its folder'
    if ".." in header.split("/"):
        return f'{path}: "{header}" climbs'
    if top == folder:
        return None
    if top not in order:
        return f'{path}: "{header}" is in no folder of src/meson.build'
    if order.index(top) > order.index(folder):
        return f'{path}: "{header}" climbs: {top} stands above {folder}'
    if top in NEVER.get(folder, []):
        return f'{path}: "{header}": {folder} may not use {top}'
    if MAY_USE[folder] != "*" and top not in MAY_USE[folder] \
            and header not in BESIDES.get(folder, []):
        return f'{path}: "{header}": {folder} may not use {top}'
    return None


def check(root):
    order = SUBDIR.findall(tree.read(root, "src/meson.build"))
    for path in tree.files(root, "src", ends=(".c", ".h", ".h.in")):
        folder = path.split("/")[1]
        if folder not in order or folder not in MAY_USE:
            yield f"{path}: src/meson.build or this checker knows no folder {folder}"
            continue
        for bracket, header in INCLUDE.findall(tree.read(root, path)):
            complaint = complain(path, folder, order, bracket, header)
            if complaint:
                yield complaint


GOOD = {
    "src/meson.build": "subdir('base')\nsubdir('wire')\nsubdir('ice')\nsubdir('sctp')\n"
                       "subdir('peer')\nsubdir('daemon')\nsubdir('cli')\n",
    "src/base/a.c": '#include "config.h"\n#include <glib.h>\n#include "base/a.h"\n',
    "src/peer/b.c": '#include "base/a.h"\n#include "ice/c.h"\n',
    "src/ice/c.c": "#include <agent.h>\n",
}
PLANTED = {
    "climbs": {"src/base/a.c": '#include "wire/w.h"\n'},
    "sideways": {"src/sctp/s.c": '#include "ice/c.h"\n'},
    "no-folder": {"src/base/a.c": '#include "a.h"\n'},
    "dots": {"src/base/a.c": '#include "base/../wire/w.h"\n'},
    "unknown-folder": {"src/elsewhere/a.c": "\n"},
    "library": {"src/peer/b.c": "#include <usrsctp.h>\n"},
    "spaced": {"src/base/a.c": '  #  include "wire/w.h"\n'},
    "private": {"src/cli/a.c": '#include "wire/w.h"\n'},
    "programs": {"src/cli/a.c": '#include "daemon/d.h"\n'},
}

if __name__ == "__main__":
    tree.main(check, GOOD, PLANTED)
