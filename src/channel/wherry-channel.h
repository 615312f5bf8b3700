/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One data channel (RFC 8831). Belongs to its channel set's thread. Reference-counted. */

#include <glib-object.h>

#include "transport/wherry-stream-transport.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_CHANNEL_CONNECTING, /* no association yet, or our OPEN is not yet acknowledged */
  WHERRY_CHANNEL_INCOMING,   /* their OPEN came and we have not acknowledged it */
  WHERRY_CHANNEL_OPEN,
  WHERRY_CHANNEL_CLOSING, /* our reset is under way */
  WHERRY_CHANNEL_CLOSED,
} WherryChannelState;

#define WHERRY_CHANNEL_ID_NONE G_MAXUINT16

/* What a channel is made of; strings are borrowed by whoever is given one. */
typedef struct
{
  const char *label;    /* UTF-8, at most WHERRY_LABEL_MAX bytes, or as the set was told */
  const char *protocol; /* UTF-8, never NULL */
  gboolean ordered;
  WherryReliability reliability;
  guint32 reliability_value; /* retransmits, or milliseconds */
  guint16 priority;          /* RFC 8831 section 6.4: 128, 256, 512, 1024; 0 seen from Firefox */
  gboolean negotiated;
  guint16 id; /* negotiated, or ids are left to the maker: the stream; WHERRY_CHANNEL_ID_NONE */
} WherryChannelInit;

#define WHERRY_TYPE_CHANNEL (wherry_channel_get_type ())
G_DECLARE_FINAL_TYPE (WherryChannel, wherry_channel, WHERRY, CHANNEL, GObject)

const WherryChannelInit *
wherry_channel_get_init (WherryChannel *self); /* id: the stream once known */
guint16 wherry_channel_get_id (WherryChannel *self);
WherryChannelState wherry_channel_get_state (WherryChannel *self);
/* Whether the other side has closed it (RFC 8831 section 6.7). */
gboolean wherry_channel_is_closed_by_them (WherryChannel *self);
const char *wherry_channel_get_label (WherryChannel *self);

/* A place for the user of the channel set to hang its own record on. */
void wherry_channel_set_user_data (WherryChannel *self, gpointer data);
gpointer wherry_channel_get_user_data (WherryChannel *self);

/* Acknowledge their OPEN (RFC 8832 section 6); messages that came meanwhile have been delivered
 * already as they came. Only in state INCOMING. */
void wherry_channel_accept (WherryChannel *self);
/* Of one that has none yet, where that is left to its maker. FALSE: it has one, or is closed, or
 * the id is in use. */
gboolean wherry_channel_give_id (WherryChannel *self, guint16 id);
/* In any state but CLOSING and CLOSED (an in-band channel may carry data right behind its OPEN,
 * sent ordered until the ACK, RFC 8832 section 6). */
WherrySendResult wherry_channel_send (WherryChannel *self, WherryMessage *message);
/* It was told BLOCKED: whether another channel's message may be taken all the same. */
gboolean wherry_channel_may_be_passed (WherryChannel *self);
/* Reset the stream behind what was sent (RFC 8831 section 6.7). The closed event follows when both
 * directions are reset. */
void wherry_channel_close (WherryChannel *self);

G_END_DECLS
