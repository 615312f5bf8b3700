/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table of keys: one line for each thing that can be set. Thread: hub */

#include "daemon/wherry-daemon-options.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;     /* "outbox-bytes" */
  const char *argument; /* what --help shows for the value; NULL: a flag that is true by itself */
  const char *help;
  gboolean repeats;
  gboolean (*set) (WherryDaemonOptions *options, const char *value, GError **error);
} WherryDaemonKey;

extern const WherryDaemonKey wherry_daemon_keys[];
extern const guint wherry_daemon_n_keys;

/* (nullable) */
const WherryDaemonKey *wherry_daemon_key_find (const char *name);

/* A key of a [room PATTERN] or [topic PATTERN] group. */
gboolean wherry_daemon_rule_set (WherryRelayRule *rule, const char *name, const char *value,
                                 GError **error);

G_END_DECLS
