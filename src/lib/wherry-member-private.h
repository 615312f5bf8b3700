/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A WherryMember's files: wherry-member.c (what is seen of it), wherry-member-outboxes.c (what
 * waits for it), wherry-member-local.c (one inside the process). */

#include "lib/wherry-member.h"
#include "lib/wherry-relay-core-private.h"
#include "relay/wherry-local-member.h"

G_BEGIN_DECLS

struct _WherryMember
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  char *id;
  char *name;
  char *room;
  gboolean is_local;

  /* creator's thread only */
  WherryMemberState state;
  char *path;
  char *attributes;         /* raw JSON; NULL: none */
  const char *leave_reason; /* a literal */
  WherryRelayCore *core;    /* a reference; NULL: it has left, or is another relay's */
  WherryLocalMember *local; /* NULL: it has left, or is not inside the process */
  gboolean send_only;
  gboolean paused;
  gboolean has_handler; /* there is, or was, one for its messages */
  GSource *starter;     /* until there is one */
};

WherryMember *wherry_member_new (const char *room, const char *name);
/* Before it is shown to anybody. core: (nullable) */
void wherry_member_set_id (WherryMember *self, const char *id, WherryRelayCore *core);
/* path: (nullable) */
void wherry_member_update (WherryMember *self, WherryMemberState state, const char *path);
/* attributes: (nullable) */
void wherry_member_take_attributes (WherryMember *self, const char *attributes);
void wherry_member_set_left (WherryMember *self, WherryLeaveReason reason);

void wherry_member_emit_message (WherryMember *self, const char *topic, WherryMessage *message);
void wherry_member_emit_notice (WherryMember *self, WherrySignalError code, const char *text);
void wherry_member_emit_drained (WherryMember *self);
gboolean wherry_member_has_message_handler (WherryMember *self);

/* (transfer full) (nullable): joined. */
WherryMember *wherry_member_join (WherryRelayCore *core, const char *room, const char *name,
                                  WherryJoinFlags flags, GError **error);

G_END_DECLS
