/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/wherry-direct-channel.h"
#include "cli/file/wherry-file-meeting.h"
#include "cli/wherry-room-session.h"

/*
 * What carries a transfer: the room's topic `files`, or a direct connection; across reconnections,
 * restarts of the other side, and of the relay. Main thread only.
 */
typedef struct _WherryFileLink WherryFileLink;

typedef struct
{
  /* records can be sent: everything begins anew */
  void (*met) (gpointer user_data);
  void (*record) (GBytes *record, gpointer user_data);
  /* they cannot, till it is met again */
  void (*lost) (gpointer user_data);
  /* and will not be */
  void (*failed) (const GError *error, gpointer user_data);
} WherryFileLinkHooks;

typedef struct
{
  gboolean is_sender;
  gboolean direct;    /* a sender: connect directly; a receiver: is willing to */
  const char *only;   /* (nullable): id or name of the member that it is for */
  guint wait_seconds; /* how long to wait for the other side; 0: for ever */
} WherryFileLinkOptions;

/* (transfer full) (nullable): opens the topic. NULL sets @error. @session outlives it. */
WherryFileLink *wherry_file_link_new (WherryInvocation *invocation, WherryRoomSession *session,
                                      const WherryFileSecret *secret,
                                      const WherryFileLinkOptions *options,
                                      const WherryFileLinkHooks *hooks, gpointer user_data,
                                      GError **error);
void wherry_file_link_free (WherryFileLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryFileLink, wherry_file_link_free)

void wherry_file_link_send (WherryFileLink *self, GBytes *record);
/* Lets what was sent arrive, leaves the room, and ends the run with @result. */
void wherry_file_link_finish (WherryFileLink *self, WherryExit result);
/* (nullable) (transfer full): how people are told of the other side. */
char *wherry_file_link_describe (WherryFileLink *self);
/* (nullable) (transfer none): the connection that records pass now. */
WherryPeerConnection *wherry_file_link_get_connection (WherryFileLink *self);
gboolean wherry_file_link_is_direct (WherryFileLink *self);
