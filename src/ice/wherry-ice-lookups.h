/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names to addresses without blocking: few at a time, each with a time limit, none for longer than
 * its owner lives. Thread: peer */

#include <gio/gio.h>

#include "ice/wherry-ice-closing.h"

G_BEGIN_DECLS

typedef struct _WherryIceLookups WherryIceLookups;

/* addresses: of GInetAddress, one at most of each family, IPv4 first, or NULL with error. */
typedef void (*WherryIceLookupFunc) (gpointer user_data, GList *addresses, const GError *error);

/* resolver: (nullable) the system's. closing waits for what is under way when self is freed. */
WherryIceLookups *wherry_ice_lookups_new (GResolver *resolver, GMainContext *context,
                                          WherryIceClosing *closing);
/* func is called once, from the context, or abandoned (nullable) if self is freed before. FALSE:
 * too many are waiting. */
gboolean wherry_ice_lookups_start (WherryIceLookups *self, const char *name,
                                   WherryIceLookupFunc func, gpointer user_data,
                                   GDestroyNotify abandoned);
void wherry_ice_lookups_free (WherryIceLookups *self);

G_END_DECLS
