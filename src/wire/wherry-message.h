/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One message of a data channel: an immutable, reference-counted payload, shared by every outbox
 * that it waits in. Its budget is charged once, at creation (length + WHERRY_MESSAGE_OVERHEAD), and
 * released when the last reference goes. Thread: any */

#include <glib.h>

#include "base/wherry-budget.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_MESSAGE_TEXT,    /* PPID 51, empty 56 (RFC 8831 section 8) */
  WHERRY_MESSAGE_BINARY,  /* PPID 53, empty 57 */
  WHERRY_MESSAGE_CONTROL, /* PPID 50: DCEP (RFC 8832) */
} WherryMessageKind;

#define WHERRY_PPID_DCEP 50u
#define WHERRY_PPID_STRING 51u
#define WHERRY_PPID_BINARY_PARTIAL 52u /* deprecated: taken as a piece of a binary message */
#define WHERRY_PPID_BINARY 53u
#define WHERRY_PPID_STRING_PARTIAL 54u /* deprecated: taken as a piece of a text message */
#define WHERRY_PPID_STRING_EMPTY 56u
#define WHERRY_PPID_BINARY_EMPTY 57u

typedef struct _WherryMessage WherryMessage;

/* Copies data. budget: (nullable) */
WherryMessage *wherry_message_new (WherryMessageKind kind, const guint8 *data, gsize length,
                                   WherryBudget *budget);
/* data: (transfer full), from g_malloc(). */
WherryMessage *wherry_message_new_take (WherryMessageKind kind, guint8 *data, gsize length,
                                        WherryBudget *budget);
/* Holds a reference to bytes: nothing is copied. */
WherryMessage *wherry_message_new_bytes (WherryMessageKind kind, GBytes *bytes,
                                         WherryBudget *budget);
/* What a topic knows of a message that it took. */
typedef struct
{
  guint64 sender;    /* a member; 0: the server itself */
  guint64 recipient; /* a member; 0: everyone */
  guint64 own;       /* the sender's number; 0: none */
  guint64 accepted;  /* all of the sender's numbers up to this one are taken with it */
  guint64 sequence;  /* the topic's number, or the recipient's; 0: none */
  gint64 time_us;    /* when it was taken */
} WherryStamp;

/* What follows the first offset bytes of another one, not copied and not charged again: it holds a
 * reference to it. */
WherryMessage *wherry_message_new_stamped (WherryMessage *of, gsize offset, WherryMessageKind kind,
                                           const WherryStamp *stamp);
/* All zero for one that is not stamped. */
const WherryStamp *wherry_message_get_stamp (const WherryMessage *self);

/* (transfer full): the payload, not copied; holds a reference to self. */
GBytes *wherry_message_get_bytes (WherryMessage *self);
WherryMessage *wherry_message_ref (WherryMessage *self);
void wherry_message_unref (WherryMessage *self);

WherryMessageKind wherry_message_get_kind (const WherryMessage *self);
const guint8 *wherry_message_get_data (const WherryMessage *self, gsize *length); /* never NULL */
gsize wherry_message_get_length (const WherryMessage *self);
/* What it counts against an outbox's limits: length + WHERRY_MESSAGE_OVERHEAD. */
gsize wherry_message_get_charge (const WherryMessage *self);

/* The PPID to send it with (an empty message has its own, RFC 8831 section 6.6). */
guint32 wherry_message_get_ppid (const WherryMessage *self);
/* FALSE for a PPID that is none of WebRTC's. empty: the one byte that came is not payload. */
gboolean wherry_message_kind_from_ppid (guint32 ppid, WherryMessageKind *kind, gboolean *empty);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryMessage, wherry_message_unref)

G_END_DECLS
