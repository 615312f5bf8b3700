/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/wherry-roster.h"

/*
 * What `wherry join` shows of a room: lines for people, or JSON. Messages go to standard output,
 * what else happens to standard error, all of the JSON to standard output. Main thread only.
 */
typedef struct
{
  WherryClient *client;
  WherryRoster *roster;
  gboolean json;
  gboolean many_topics; /* each message says its own */
  gboolean is_broken;   /* nobody reads standard output any more */
} WherryJoinView;

typedef struct
{
  const char *topic;
  const char *sender; /* (nullable): an id; NULL: the server */
  GBytes *data;
  gboolean is_text;
  guint64 sequence;
  WherryMessageFlags flags;
} WherryJoinMessage;

void wherry_join_view_joined (WherryJoinView *self);
void wherry_join_view_message (WherryJoinView *self, const WherryJoinMessage *message);
/* What was typed here, so that the talk can be read. to: (nullable): a member's id */
void wherry_join_view_own (WherryJoinView *self, const char *topic, const char *to,
                           const char *text);
void wherry_join_view_member (WherryJoinView *self, const char *event, WherryMember *member,
                              const char *reason);
void wherry_join_view_members (WherryJoinView *self);
void wherry_join_view_state (WherryJoinView *self, const char *event);
void wherry_join_view_gap (WherryJoinView *self, const char *const *topics);
void wherry_join_view_notice (WherryJoinView *self, const char *code, const char *text);
/* line: of standard input; 0: none */
void wherry_join_view_problem (WherryJoinView *self, guint line, const char *text);
