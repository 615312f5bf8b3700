/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The daemon: a relay and its signaling on the hub, from start to clean end. Thread: hub */

#include "daemon/wherry-daemon-options.h"

G_BEGIN_DECLS

/* What main() returns. */
#define WHERRY_EXIT_OK 0
#define WHERRY_EXIT_FAILED 1 /* could not listen, or was told twice to end */
#define WHERRY_EXIT_USAGE 2  /* bad option, variable or file; or refused to be open */

/* Runs on the default main context until SIGINT or SIGTERM. Prints, for each address, one line
 * "wherryd: listening on http://ADDRESS:PORT/" on standard output. Returns an exit code. */
int wherry_daemon_run (WherryDaemonOptions *options);

G_END_DECLS
