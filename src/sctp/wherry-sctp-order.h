/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whole messages, of each stream in the order of their numbers (RFC 9260 section 6.6). Thread: any,
 * one at a time. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint16 stream;
  guint16 number; /* SSN, or the low bits of the MID: a sender has 4096 TSNs under way at most */
  gboolean ordered;
  guint32 ppid;
  GByteArray *bytes; /* (owned) (nullable): it is passed over */
} WherrySctpWhole;

typedef struct
{
  GHashTable *streams; /* of what is ordered on each */
  GQueue ready;        /* of WherrySctpWhole */
  gsize held;          /* bytes, with what keeping them costs */
} WherrySctpOrder;

void wherry_sctp_order_init (WherrySctpOrder *self);
void wherry_sctp_order_clear (WherrySctpOrder *self);
void wherry_sctp_whole_free (WherrySctpWhole *whole);

/* One that is not kept is in its turn, and counts as taken: those behind it are ready. */
gboolean wherry_sctp_order_pass (WherrySctpOrder *self, guint16 stream, guint16 number);
/* Takes whole. */
void wherry_sctp_order_add (WherrySctpOrder *self, WherrySctpWhole *whole);
/* The next one that is ready, or NULL. (transfer full) */
WherrySctpWhole *wherry_sctp_order_pop (WherrySctpOrder *self);
/* Of those up to number, what is not there will not come. */
void wherry_sctp_order_skip (WherrySctpOrder *self, guint16 stream, guint16 number);
/* Numbers begin anew (RFC 6525 section 5.2.2). */
void wherry_sctp_order_drop_stream (WherrySctpOrder *self, guint16 stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySctpWhole, wherry_sctp_whole_free)

G_END_DECLS
