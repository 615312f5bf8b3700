/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* wherry-meet.c (whom it looks for, who comes and goes), wherry-meet-partners.c (whom it has met,
 * and what they say). Main thread only. */

#include "cli/stream/wherry-meet.h"

typedef enum
{
  WHERRY_PARTNER_INVITED,    /* by us, and has not answered */
  WHERRY_PARTNER_CONNECTING, /* directly */
  WHERRY_PARTNER_MET,
} WherryPartnerState;

typedef struct _WherryPartnerDirect WherryPartnerDirect;

typedef struct
{
  WherryMeet *meet;
  char *id;
  WherryPartnerState state;
  gboolean is_inviter;
  WherryMuxGreeting ours, theirs;
  WherryPartnerDirect *direct; /* NULL: by the relay, or not yet */
  WherryMux *mux;              /* NULL: not yet */
  guint timer;                 /* it does not answer, or has left the room */
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
  GHashTable
      *silent;     /* ids: they said nothing, as somebody whose connection is lost; for a while */
  guint patience;  /* till these are tried again */
  guint cancelled; /* a source */
  guint idle;
  gboolean has_begun;
  gboolean was_waiting; /* it was said */
  gboolean is_shown;    /* the others know that it can be met */
  gboolean has_ended;
  WherryRoomSession *session; /* while it finishes */
  WherryExit result;
  guint finish_timer;
};

void wherry_partner_free (gpointer data);
/* Streams can be opened. */
void wherry_partner_meet (WherryPartner *self);
/* A message of it came. */
void wherry_partner_take_message (WherryPartner *self, GBytes *message);
/* Sends it our description. */
void wherry_partner_describe (WherryPartner *self, const char *sdp);
/* Its connection is no more, or never was. Frees it. */
void wherry_partner_lose (WherryPartner *self, const GError *error);

/* ---- wherry-meet-direct.c ---- */

/* offer: NULL: this side offers */
void wherry_partner_go_direct (WherryPartner *partner, const char *offer);
void wherry_partner_take_description (WherryPartner *partner, const char *sdp);
gboolean wherry_partner_send_direct (WherryPartner *partner, GBytes *message, GError **error);
void wherry_partner_forget_direct (WherryPartner *partner);
/* Behind what was sent. */
void wherry_partner_close_direct (WherryPartner *partner, void (*closed) (gpointer user_data),
                                  gpointer user_data);

/* ---- of the meeting ---- */

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
/* Tells the others whether it can be met, and looks whether they can. Not at once: who comes and
 * goes all the time makes it say nothing. */
void wherry_meet_look_soon (WherryMeet *self);
