/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-wire.h"

/*
 * How the two ends of a transfer find each other in a room, prove that they know the code, and keep
 * what they say sealed from then on: data/docs/files.md, sections 2 and 3. It knows of no network:
 * who owns it brings it messages and sends its own. Main thread only.
 */
typedef struct _WherryFileMeeting WherryFileMeeting;

typedef struct
{
  /* a message; @to: a member's id, NULL: everyone; @sealed: of the session that was met last */
  void (*send) (const char *to, GBytes *message, gboolean sealed, gpointer user_data);
  /* a session is there; one before it was lost */
  void (*met) (const char *member, gpointer user_data);
  /* a record came in it; those of one message come one after the other */
  void (*record) (GBytes *record, gpointer user_data);
  /* it is over, and another one may come */
  void (*lost) (gpointer user_data);
  /* a sender refused us: the code is wrong unless another one welcomes us */
  void (*refused) (WherryFileRefusal why, gpointer user_data);
  /* no session will come any more */
  void (*failed) (const GError *error, gpointer user_data);
} WherryFileMeetingHooks;

/* @flags: what READY says, for a receiver. */
WherryFileMeeting *wherry_file_meeting_new (const WherryFileSecret *secret, gboolean is_sender,
                                            guint32 flags, const WherryFileMeetingHooks *hooks,
                                            gpointer user_data);
void wherry_file_meeting_free (WherryFileMeeting *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileMeeting, wherry_file_meeting_free)

/* The room can be spoken in (again): calls for the other side. */
void wherry_file_meeting_open (WherryFileMeeting *self);
/* A message from @from; a hook may have ended everything when it returns, but not freed it. */
void wherry_file_meeting_take (WherryFileMeeting *self, const char *from, GBytes *message);
/* @member is gone. */
void wherry_file_meeting_leave (WherryFileMeeting *self, const char *member);
/* The session is over, for a reason of the caller's. */
void wherry_file_meeting_lose (WherryFileMeeting *self);
/* A record for the other side: it is sent with others when they fill a message, or at the flush.
 * Nothing happens without a session. */
void wherry_file_meeting_send (WherryFileMeeting *self, GBytes *record);
void wherry_file_meeting_flush (WherryFileMeeting *self);
/* (nullable): the member of the session. */
const char *wherry_file_meeting_get_member (WherryFileMeeting *self);
