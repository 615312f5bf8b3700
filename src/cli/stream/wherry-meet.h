/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/stream/wherry-mux.h"
#include "cli/wherry-roster.h"
#include "cli/wherry-room-session.h"

/*
 * How two programs find each other in a room, to carry streams between them: who can be met says so
 * in its attributes, {"wherry":{"pipe":TOPIC}}; one invites by an addressed message on the topic,
 * the other accepts: data/docs/streams.md. Main thread only.
 */
typedef struct _WherryMeet WherryMeet;

typedef enum
{
  WHERRY_MEET_PAIR,   /* each can be met, by one other: of two, the one with the lower id invites */
  WHERRY_MEET_SERVER, /* can be met, by several */
  WHERRY_MEET_CLIENT, /* meets one server */
} WherryMeetRole;

typedef struct
{
  WherryMuxKind kind;
  WherryMeetRole role;
  const char *topic;
  const char *only; /* (nullable): the id or name of the member to meet */
  guint32 stream_window;
  guint max_streams;
  gboolean direct; /* the relay only introduces them */
} WherryMeetOptions;

typedef struct
{
  /* It looks for somebody from now on. */
  void (*waiting) (gpointer user_data);
  /* mux: the streams with this member: till it is lost */
  void (*met) (gpointer user_data, const char *member, WherryMux *mux, gboolean is_inviter);
  /* The other side opened it: take it, or reset it. */
  void (*opened) (gpointer user_data, const char *member, WherryMuxStream *stream);
  /* Its streams are closed. */
  void (*lost) (gpointer user_data, const char *member, const GError *error);
  /* There will be nobody. */
  void (*failed) (gpointer user_data, const GError *error);
} WherryMeetHooks;

/* (transfer full) (nullable): NULL: sets @error. Before @session joins; it outlives it. options:
 * copied */
WherryMeet *wherry_meet_new (WherryInvocation *invocation, WherryRoomSession *session,
                             const WherryMeetOptions *options, const WherryMeetHooks *hooks,
                             gpointer user_data, GError **error);
void wherry_meet_free (WherryMeet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryMeet, wherry_meet_free)

/* Joins the room, looks for partners from then on, and runs until the invocation has ended, whose
 * code it returns. On Ctrl-C those that it met are told before the session leaves. */
int wherry_meet_run (WherryMeet *self, WherryRoomSession *session);
/* Lets what was sent arrive, leaves the room, and ends the run with @result. */
void wherry_meet_finish (WherryMeet *self, WherryRoomSession *session, WherryExit result);
/* (transfer full): for people */
char *wherry_meet_name (WherryMeet *self, const char *member);
/* How many it has met. */
guint wherry_meet_count (WherryMeet *self);
