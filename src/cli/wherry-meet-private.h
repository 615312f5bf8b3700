/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* wherry-meet.c (whom it looks for, who comes and goes), wherry-meet-partners.c (whom it has met,
 * and what they say). Main thread only. */

#include "cli/wherry-meet.h"

typedef enum
{
  WHERRY_PARTNER_INVITED, /* by us, and has not answered */
  WHERRY_PARTNER_MET,
} WherryPartnerState;

typedef struct
{
  WherryMeet *meet;
  char *id;
  WherryPartnerState state;
  WherryMux *mux; /* NULL: not yet */
  guint timer;    /* it does not answer, or has left the room */
} WherryPartner;

struct _WherryMeet
{
  WherryInvocation *invocation;
  WherryClient *client;
  WherryMeetOptions options;
  char *topic, *only;
  const WherryMeetHooks *hooks;
  gpointer user_data;
  WherryRoster *roster;
  WherryClientChannel *channel;
  GHashTable *partners; /* id -> Partner */
  GHashTable *tried;    /* ids: they said no; till they say something else about themselves */
  guint idle;
  gboolean has_begun;
  gboolean was_waiting; /* it was said */
  gboolean has_ended;
};

void wherry_partner_free (gpointer data);
/* Streams of it are closed; error: NULL: it never was met */
void wherry_meet_lose (WherryMeet *self, const char *id, const GError *error);
void wherry_meet_lose_all (WherryMeet *self, const GError *error);
void wherry_meet_invite (WherryMeet *self, const char *id);
void wherry_meet_refuse (WherryMeet *self, const char *to, WherryMuxCode code, const char *text);
/* A message came. */
void wherry_meet_take (WherryMeet *self, const char *sender, GBytes *data);
/* The channel has room again. */
void wherry_meet_flush (WherryMeet *self);

/* Whether it meets nobody else now. */
gboolean wherry_meet_is_busy (WherryMeet *self);
/* Whether it is the one that is looked for. */
gboolean wherry_meet_is_wanted (WherryMeet *self, WherryMember *member);
/* Tells the others whether it can be met. */
void wherry_meet_advertise (WherryMeet *self);
void wherry_meet_look_soon (WherryMeet *self);
