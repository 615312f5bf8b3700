/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What of a client outlives its connections: its channels, what it knows of their topics, and by
 * what it comes back as the same member. Thread: creator of the client */

#include "lib/wherry-client-channel.h"
#include "lib/wherry-client-topic-private.h"
#include "wire/wherry-signal.h"

G_BEGIN_DECLS

typedef struct _WherryClientSession WherryClientSession;

typedef struct
{
  /* It is still the same member. */
  void (*resumed) (gpointer user_data);
  /* It is another one: of these topics something may be missing. */
  void (*gap) (gpointer user_data, const char *const *topics);
  /* The relay opened it. */
  void (*channel) (gpointer user_data, WherryClientChannel *channel);
} WherryClientSessionEvents;

WherryClientSession *wherry_client_session_new (const WherryClientSessionEvents *events,
                                                gpointer user_data);
/* Channels are closed, and nobody is told. */
void wherry_client_session_free (WherryClientSession *self);

/* ---- joining ---- */

/* What it says of itself in the next join. (nullable): join anew */
const char *wherry_client_session_get_token (WherryClientSession *self);
/* (transfer full) */
GPtrArray *wherry_client_session_list_places (WherryClientSession *self);
/* (transfer full) (element-type utf8), borrowed, with a NULL behind: topics that need no mirror, as
 * it opens channels of its own. */
GPtrArray *wherry_client_session_list_opens (WherryClientSession *self);
void wherry_client_session_refuse (WherryClientSession *self);
/* wanted: it asked to come back some day */
void wherry_client_session_take_joined (WherryClientSession *self, const WherrySignal *joined,
                                        gboolean wanted);
void wherry_client_session_take_ack (WherryClientSession *self, const WherrySignal *ack);

/* ---- connections ---- */

/* Its channels are made, and those that follow until it is cut. */
void wherry_client_session_attach (WherryClientSession *self, WherryPeerConnection *connection);
/* FALSE: it is none of ours: plain. */
gboolean wherry_client_session_take_channel (WherryClientSession *self, WherryDataChannel *channel);
/* Nothing passes by it any more. */
void wherry_client_session_cut (WherryClientSession *self);
/* To close it before the relay has taken us back would say goodbye for good. connection: (transfer
 * full) */
void wherry_client_session_keep (WherryClientSession *self, WherryPeerConnection *connection);
/* This member has left, or may not come back: channels are closed. */
void wherry_client_session_end (WherryClientSession *self);

/* ---- channels ---- */

/* (transfer full) */
WherryClientChannel *wherry_client_session_open (WherryClientSession *self, const char *topic,
                                                 const WherryDataChannelInit *init);
void wherry_client_session_forget (WherryClientSession *self, WherryClientChannel *channel);
gboolean wherry_client_session_is_framed (WherryClientSession *self);
gsize wherry_client_session_get_max_message_size (WherryClientSession *self);
/* (transfer none): made if it was not there */
WherryClientTopic *wherry_client_session_get_topic (WherryClientSession *self, const char *label);

/* ---- of a channel: wherry-client-channel.c ---- */

/* (transfer full). session: borrowed, until wherry_client_channel_end() */
WherryClientChannel *wherry_client_channel_new (WherryClientSession *session, const char *topic,
                                                const WherryDataChannelInit *init,
                                                gboolean mirrored);
/* carrier: NULL: it is made by the connection. */
void wherry_client_channel_attach (WherryClientChannel *self, WherryPeerConnection *connection,
                                   WherryDataChannel *carrier);
/* The relay opened a mirror before it knew of the channel: what comes there is for this one. */
void wherry_client_channel_adopt (WherryClientChannel *self, WherryDataChannel *mirror);
/* stays: it will be carried again, as if nothing had happened */
void wherry_client_channel_cut (WherryClientChannel *self, gboolean stays);
/* For good. tell: those who listen */
void wherry_client_channel_end (WherryClientChannel *self, gboolean tell);
gboolean wherry_client_channel_is_carried (WherryClientChannel *self);
/* By one that was made here. */
gboolean wherry_client_channel_is_own (WherryClientChannel *self);
gboolean wherry_client_channel_has_waiting (WherryClientChannel *self);
/* Sends what waits and can go. */
void wherry_client_channel_pump (WherryClientChannel *self);

G_END_DECLS
