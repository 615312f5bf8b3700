/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* GLib's slice allocator (which is gone from 2.76 on) keeps some free blocks of each size for each
 * thread, and gives no page back to the system, ever: with a thread for each peer that is 26 KiB of
 * each, and what a crowd took stays. A program that links this has its slices from malloc, which is
 * trimmed (wherry-daemon-heap.h). What the environment asks for (G_SLICE) goes before that. */

#include <glib.h>

G_BEGIN_DECLS

/* Whether it is so: not where nothing can run before GLib, nor under a sanitizer. Thread: any */
gboolean wherry_daemon_slices_are_malloc (void);

G_END_DECLS
