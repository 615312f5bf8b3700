/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A relay of the public API in a test, and what its members inside the process hear. */

#include "fixtures/wherry-wait.h"
#include "lib/wherry.h"

G_BEGIN_DECLS

typedef struct
{
  GThread *thread;
  WherryRelay *relay;
  WherryServer *server;          /* (nullable): see relay_end_start_server() */
  const char *const *token_keys; /* (nullable): of its server */
  GPtrArray *weak;               /* of GWeakRef: what must be gone at the end */
} RelayEnd;

/* configure: (nullable): before anything joins. */
void relay_end_init (RelayEnd *self, gconstpointer data);
/* Closes the relay and asserts that everything watched was finalized. */
void relay_end_clear (RelayEnd *self, gconstpointer data);
void relay_end_watch (RelayEnd *self, gpointer object);
void relay_end_close (RelayEnd *self);
/* The relay's server on loopback, at this port or (0) any; a new relay in place of one that was
 * stopped. */
void relay_end_start_server (RelayEnd *self, guint port);
/* (transfer full): for clients of that server: they stay on loopback. */
WherryConfiguration *relay_end_make_configuration (void);
/* As the end of its process: the relay closes, and the server with it. Returns its port. */
guint relay_end_stop_server (RelayEnd *self);

typedef struct
{
  RelayEnd *end;
  WherryMember *member;
  GString *heard; /* "TOPIC:text " and "TOPIC#length " */
  GString *notices;
  guint n_messages;
  guint n_drained;
  gulong handler;
} LocalEnd;

LocalEnd *local_end_join (RelayEnd *end, const char *room, const char *name, WherryJoinFlags flags);
/* Messages are taken from now on. */
void local_end_listen (LocalEnd *self);
void local_end_free (LocalEnd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalEnd, local_end_free)

gboolean local_end_is_connected (LocalEnd *self);
gboolean local_end_has_left (LocalEnd *self);
/* Fails the test when it is refused. */
void local_end_send (LocalEnd *self, const char *topic, const char *text);

G_END_DECLS
