/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a client knows of a topic, whatever channels it has there: numbers are a member's and a
 * topic's. Thread: creator of the client */

#include "lib/wherry-data-channel.h"
#include "wire/wherry-frame.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 own;    /* the last number of what it sent */
  guint64 seen;   /* the highest of the topic's numbers that came */
  guint64 direct; /* the same of those to this member alone */
  GQueue unacked; /* in order */
  gsize bytes;    /* of these */
  /* By which all goes that has a number, since two channels keep no order between them. NULL: none
   * is open. */
  WherryDataChannel *active;
  gboolean active_mirrored;
} WherryClientTopic;

WherryClientTopic *wherry_client_topic_new (void);
void wherry_client_topic_free (WherryClientTopic *self);
/* It is open. What has no answer yet goes again if it is the one that is used from now on: the
 * relay knows by the numbers what it has. */
void wherry_client_topic_enter (WherryClientTopic *self, WherryDataChannel *carrier,
                                gboolean mirrored);
void wherry_client_topic_leave (WherryClientTopic *self, WherryDataChannel *carrier);
/* TRUE: who sends waits for the relay's word. */
gboolean wherry_client_topic_is_full (const WherryClientTopic *self);
/* recipient: 0: everybody. Errors of wherry_data_channel_send_bytes(): nothing has happened then */
gboolean wherry_client_topic_send (WherryClientTopic *self, WherryDataChannel *carrier,
                                   GBytes *payload, gboolean is_text, guint64 recipient,
                                   GError **error);
/* TRUE: it was full, and is not any more. */
gboolean wherry_client_topic_acknowledge (WherryClientTopic *self, guint64 own);
/* FALSE: it was there before. */
gboolean wherry_client_topic_take (WherryClientTopic *self, const WherryFrame *frame);
/* The connection is gone. */
void wherry_client_topic_cut (WherryClientTopic *self);

/* (transfer full): payload behind a header; own: 0: no number */
GBytes *wherry_client_topic_frame (GBytes *payload, gboolean is_text, guint64 recipient,
                                   guint64 own);

G_END_DECLS
