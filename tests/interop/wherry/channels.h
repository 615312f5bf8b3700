/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <lib/wherry.h>

/* The channels of a participant, by the names that ../participant.md gives them. */
typedef struct
{
  GHashTable *by_name; /* name to WherryDataChannel */
  guint n_incoming;
} Channels;

void channels_init (Channels *self);
void channels_clear (Channels *self);
/* Those of a connection that is over. */
void channels_forget (Channels *self);

/* The other side has made one. */
void channels_take (Channels *self, WherryDataChannel *channel);

/* Orders */
gboolean channels_create (Channels *self, WherryPeerConnection *connection, JsonObject *order,
                          const char *name, GError **error);
gboolean channels_send (Channels *self, JsonObject *order, const char *name, GError **error);
gboolean channels_close (Channels *self, const char *name, GError **error);
