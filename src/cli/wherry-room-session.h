/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/wherry-invocation.h"
#include "lib/wherry.h"

/*
 * What a subcommand that sits in a room needs: a client made of the common options, which says in
 * words how it fares, leaves when the run is cancelled, and ends the run when it has left or cannot
 * come back. Main thread only.
 */
typedef struct _WherryRoomSession WherryRoomSession;

/*
 * (transfer full) (nullable): makes a client for @room; set what it needs before it joins. NULL:
 * sets @error. The invocation outlives it.
 */
WherryRoomSession *wherry_room_session_new (WherryInvocation *invocation, const char *room,
                                            GError **error);
/* Drops the client, at once: leave first. */
void wherry_room_session_free (WherryRoomSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryRoomSession, wherry_room_session_free)

/* (transfer none) */
WherryClient *wherry_room_session_get_client (WherryRoomSession *self);
/* Joins; @joined (nullable) is called once, when messages can pass. */
typedef void (*WherryRoomJoined) (gpointer user_data);
void wherry_room_session_join (WherryRoomSession *self, WherryRoomJoined joined,
                               gpointer user_data);
/* Leaves behind what was sent, then ends the run with @result. The first call counts. */
void wherry_room_session_leave (WherryRoomSession *self, WherryExit result);
/*
 * (transfer full): how people are told of a member: its name and its id, or its id alone; fit for
 * a terminal. "server" for NULL or "".
 */
char *wherry_room_session_describe (WherryRoomSession *self, const char *id);
