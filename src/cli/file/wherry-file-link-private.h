/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-link.h"

struct _WherryFileLink
{
  WherryInvocation *invocation;
  WherryRoomSession *session;
  WherryClient *client;
  WherryClientChannel *channel;
  WherryFileMeeting *meeting;
  WherryFileLinkOptions options;
  char *only;
  WherryFileLinkHooks hooks;
  gpointer user_data;

  WherryConfiguration *configuration; /* of direct connections */
  WherryDirectChannel *direct;        /* (nullable) */
  GPtrArray *spent;                   /* of WherryDirectChannel: freed from the main loop */
  guint sweeping;                     /* a source */
  gboolean began;                     /* the first record of the session has come */
  gboolean is_met, was_met;
  guint refused, waiting, closing, gone, flushing; /* sources */
  gboolean finishing;
  WherryExit result;
};

/* Begins to wait for the other side, if it does not yet. */
void wherry_file_link_wait (WherryFileLink *self);

/* ---- wherry-file-link-room.c: handlers of signals ---- */
void wherry_file_link_take_message (WherryClientChannel *channel, GBytes *data, gboolean is_text,
                                    const char *sender, guint64 sequence, WherryMessageFlags flags,
                                    WherryFileLink *self);
void wherry_file_link_take_ready (WherryFileLink *self);
void wherry_file_link_take_gap (WherryFileLink *self);
void wherry_file_link_look_who_is_there (WherryFileLink *self);
