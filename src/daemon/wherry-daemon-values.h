/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values as a person writes them in an option, an environment variable or a configuration file.
 * All fail with WHERRY_ERROR_INVALID_ARGUMENT and a sentence that says what is expected.
 * Thread: any */

#include <gio/gio.h>

#include "ice/wherry-ice-config.h"

G_BEGIN_DECLS

/* "true", "yes", "1", "false", "no", "0" */
gboolean wherry_daemon_value_bool (const char *text, gboolean *out, GError **error);
/* A whole number of units: "250", "64K", "4M", "1G" (1024 each). */
gboolean wherry_daemon_value_size (const char *text, guint64 min, guint64 max, guint64 *out,
                                   GError **error);
gboolean wherry_daemon_value_uint (const char *text, guint64 min, guint64 max, guint64 *out,
                                   GError **error);
/* "per-peer": 0, or how many. */
gboolean wherry_daemon_value_threads (const char *text, guint *out, GError **error);
/* Milliseconds: "3000", or "3s". */
gboolean wherry_daemon_value_ms (const char *text, gint64 *out_us, GError **error);
/* One of words, which end with NULL: its place. */
gboolean wherry_daemon_value_word (const char *text, const char *const *words, guint *out,
                                   GError **error);
/* "127.0.0.1:8888", "[::1]:8888", "localhost:8888"; port 0: any. (transfer full) */
GSocketAddress *wherry_daemon_value_address (const char *text, GError **error);
/* "40000-40999" */
gboolean wherry_daemon_value_port_range (const char *text, guint16 *min, guint16 *max,
                                         GError **error);
/* "stun.example.org", "stun:stun.example.org:3478" (RFC 7064) */
gboolean wherry_daemon_value_stun (const char *text, WherryIceConfig *ice, GError **error);
/* "turn:USER:PASSWORD@turn.example.org:3478?transport=tcp" (RFC 7065 and credentials) */
gboolean wherry_daemon_value_turn (const char *text, WherryIceConfig *ice, GError **error);

G_END_DECLS
