#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The browser in MORTAL, which dies with the program that started it, even if that one is killed.
exec setpriv --pdeathsig KILL "$MORTAL" "$@"
