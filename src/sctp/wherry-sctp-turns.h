/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The messages that are accepted and not all in usrsctp yet ("open" ones), and whose turn it is.
 * Without I-DATA there is one at most, and nothing passes it. With I-DATA (RFC 8260) small messages
 * on other streams go past it, and a large one of a higher priority opens beside it; who gets how
 * much is decided by weight (RFC 8260 section 3.6, RFC 8831 section 6.4). Thread: peer */

#include "base/wherry-share.h"
#include "transport/wherry-stream-transport.h"

G_BEGIN_DECLS

/* One of each weight. */
#define WHERRY_SCTP_OPEN_MAX WHERRY_PRIORITY_LEVELS

typedef struct
{
  WherryMessage *message; /* NULL: none */
  gsize offset;
  guint16 stream;
  WherrySendOptions options;
  WherryShare share;
} WherrySctpOutgoing;

typedef enum
{
  WHERRY_SCTP_TURN_NOW,
  WHERRY_SCTP_TURN_LATER, /* it had its share: when the open ones were fed */
  WHERRY_SCTP_TURN_NEVER, /* as long as these are open */
} WherrySctpTurn;

typedef struct
{
  WherrySctpOutgoing open[WHERRY_SCTP_OPEN_MAX + 1]; /* one more: a small one that did not fit */
  guint n_open;
  guint n_closed;       /* so far */
  GHashTable *shares;   /* stream -> WherryShare of what went past while something is open */
  WherryShare waiting;  /* of the message that was told LATER or found no room */
  gsize waiting_length; /* 0: none */
} WherrySctpTurns;

void wherry_sctp_turns_init (WherrySctpTurns *self);
void wherry_sctp_turns_clear (WherrySctpTurns *self);
/* All that is open is forgotten. */
void wherry_sctp_turns_reset (WherrySctpTurns *self);

gboolean wherry_sctp_turns_is_open (const WherrySctpTurns *self, guint16 stream);
/* Something went past what is open, or several are. */
gboolean wherry_sctp_turns_is_shared (const WherrySctpTurns *self);
/* Bytes of the open ones that are not in usrsctp. */
gsize wherry_sctp_turns_get_left (const WherrySctpTurns *self);

/* Whether a message may go, beside those that are open. small: it would be handed over whole. One
 * that is told LATER waits: wherry_sctp_turns_is_waiting_next(). */
WherrySctpTurn wherry_sctp_turns_ask (WherrySctpTurns *self, gboolean interleaving, guint16 stream,
                                      guint16 priority, gsize length, gboolean small);
/* It went past. */
void wherry_sctp_turns_passed (WherrySctpTurns *self, guint16 stream, guint16 priority,
                               gsize length);
/* It may go, but there is no room. */
void wherry_sctp_turns_wait (WherrySctpTurns *self, guint16 stream, guint16 priority, gsize length);
/* What is left of outgoing is open now, and its message stolen. There is a place: ask() said NOW.
 */
void wherry_sctp_turns_open (WherrySctpTurns *self, WherrySctpOutgoing *outgoing);
/* The open one that is next; NULL: nothing is open. */
WherrySctpOutgoing *wherry_sctp_turns_peek (WherrySctpTurns *self);
/* More of it is in usrsctp. */
void wherry_sctp_turns_fed (WherrySctpTurns *self, WherrySctpOutgoing *outgoing, gsize bytes);
/* All of it is. */
void wherry_sctp_turns_close (WherrySctpTurns *self, WherrySctpOutgoing *outgoing);
/* The message that waits comes before all open ones. */
gboolean wherry_sctp_turns_is_waiting_next (WherrySctpTurns *self);

G_END_DECLS
