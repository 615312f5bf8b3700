/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `wherry join`: wherry-command-join.c (its life, and what comes from the room), wherry-join-say.c
 * (what comes from this side). Main thread only. */

#include "cli/join/wherry-chat.h"
#include "cli/wherry-invocation.h"
#include "cli/join/wherry-join-view.h"
#include "cli/join/wherry-line-editor.h"
#include "cli/wherry-line-reader.h"
#include "cli/wherry-room-session.h"

/* What could not be sent yet. */
typedef struct
{
  WherryClientChannel *channel;
  GBytes *payload;
  gboolean is_text;
  char *to; /* (nullable) */
} WherryJoinWaiting;

typedef struct
{
  WherryInvocation *invocation;
  WherryRoomSession *session;
  WherryRoster *roster;
  WherryJoinView view;
  GPtrArray *channels;      /* of WherryClientChannel: one for each topic */
  char *topic;              /* on which lines are said */
  WherryLineEditor *editor; /* one of these, once it has joined */
  WherryLineReader *reader;
  WherryJoinWaiting *waiting; /* (nullable): no more is read until it went */
  guint n_open;               /* channels, while it is leaving */
  gboolean stays;
  gboolean may_begin; /* once its channels are open */
  gboolean has_joined;
  gboolean at_end;
  gboolean is_leaving;
} WherryJoin;

void wherry_join_waiting_free (WherryJoinWaiting *waiting);
/* (transfer none) (nullable) */
WherryClientChannel *wherry_join_find_channel (WherryJoin *self, const char *topic);
void wherry_join_choose_topic (WherryJoin *self, const char *topic);
/* A line of standard input, as text or JSON. */
void wherry_join_take_line (WherryJoin *self, const char *line, guint number);
/* A line that a person typed, which may be a command. */
void wherry_join_take_typed (WherryJoin *self, const char *line);
/* Sends what waits. FALSE: it waits still. */
gboolean wherry_join_flush (WherryJoin *self);
/* Behind what was said. */
void wherry_join_leave (WherryJoin *self);
