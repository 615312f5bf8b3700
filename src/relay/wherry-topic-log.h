/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a topic keeps of its messages: history for those who join later, the last value, and what
 * members that come back may have missed. One queue serves all three: it is always the newest
 * messages, without a hole. A plain object: its topic's lock guards it. */

#include <glib.h>

#include "wire/wherry-message.h"

G_BEGIN_DECLS

/* Nothing is kept when all are zero. */
typedef struct
{
  guint messages;     /* history: so many at most; 0: no history */
  gsize bytes;        /* and so much, each charged its size plus the overhead */
  gint64 age_us;      /* and so old; G_MAXINT64: any age */
  gboolean retain;    /* the last value goes to whoever subscribes; an empty message clears it */
  gsize resume_bytes; /* for members that come back */
} WherryKeep;

/* Bytes that all logs together may keep, apart from which each has its own limits. Thread: any */
typedef struct _WherryLogShare WherryLogShare;

WherryLogShare *wherry_log_share_new (gsize limit);
WherryLogShare *wherry_log_share_ref (WherryLogShare *self);
void wherry_log_share_unref (WherryLogShare *self);
gsize wherry_log_share_get_used (WherryLogShare *self);

typedef struct _WherryTopicLog WherryTopicLog;

WherryTopicLog *wherry_topic_log_new (const WherryKeep *keep, WherryLogShare *share);
void wherry_topic_log_free (WherryTopicLog *self);
/* More may be kept from now on: members that can come back are there. */
void wherry_topic_log_set_resume_bytes (WherryTopicLog *self, gsize bytes);
gboolean wherry_topic_log_has_history (const WherryTopicLog *self);

/* message: stamped. What no limit covers any more goes. */
void wherry_topic_log_append (WherryTopicLog *self, WherryMessage *message, gint64 now_us);

/* The last n of what history there is, or only the retained value, but nothing of member's own.
 * out: of WherryMessage, references are added. */
void wherry_topic_log_get_history (WherryTopicLog *self, guint n, guint64 member, gint64 now_us,
                                   GPtrArray *out);
/* What member has not had: messages to everyone behind seen, and to it alone behind direct. FALSE:
 * some of it is not kept any more, and out is as it was. */
gboolean wherry_topic_log_get_missed (WherryTopicLog *self, guint64 member, guint64 seen,
                                      guint64 direct, GPtrArray *out);
/* What member sent with a number of its own. out: as above. */
void wherry_topic_log_get_sent (WherryTopicLog *self, guint64 member, GPtrArray *out);
/* member has left for good. */
void wherry_topic_log_forget (WherryTopicLog *self, guint64 member);

guint wherry_topic_log_get_length (const WherryTopicLog *self);
gsize wherry_topic_log_get_bytes (const WherryTopicLog *self);
/* The oldest that is kept; 0: none. */
guint64 wherry_topic_log_get_first (const WherryTopicLog *self);
/* The oldest that is needed, for the retained value too; 0: none. */
guint64 wherry_topic_log_get_needed (const WherryTopicLog *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryTopicLog, wherry_topic_log_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryLogShare, wherry_log_share_unref)

G_END_DECLS
