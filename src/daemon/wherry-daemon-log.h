/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the log goes: to the journal when standard error is connected to it, else to standard
 * error, one line for each event, with the room and the member that it is about. Thread: any */

#include <glib.h>

G_BEGIN_DECLS

/* Before anything is logged. verbose: our own debug and info lines too, never those of the
 * libraries: the ICE library's show passwords. */
void wherry_daemon_log_init (gboolean verbose);

/* What init() installs; for tests. */
GLogWriterOutput wherry_daemon_log_write (GLogLevelFlags level, const GLogField *fields,
                                          gsize n_fields, gpointer user_data);

G_END_DECLS
