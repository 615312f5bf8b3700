/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the parts of a signaling session: requests (what the client says) and events (what its
 * member hears). */

#include "base/wherry-limits.h"
#include "signaling/wherry-signaling-session.h"
#include "base/wherry-token-bucket.h"

G_BEGIN_DECLS

struct _WherrySignalingSession
{
  /* hub thread only */
  WherryRelayHub *relay;
  WherryJoinLimit *joins;     /* NULL: none */
  WherryAdmission *admission; /* NULL: everybody may join */
  gboolean is_local;
  WherryClock *clock;
  const WherrySignalingSink *sink;
  gpointer sink_data;
  char *address;
  WherryRelayMember *member; /* until its left event */
  gboolean was_member;       /* there has been one: join is already-joined */
  gboolean tunnel;           /* binary frames are its channels */
  gboolean closed;           /* no frame is taken or sent */
  char *leave_tid;
  gboolean resuming;   /* its member is not back yet: what comes is held */
  char *join_tid;      /* of the join that is not answered yet */
  GQueue held;         /* of WherrySignal */
  GQueue unanswered;   /* of char * or NO_TID: offers whose answer has not come, oldest first */
  GQueue unoffered;    /* the same for calls whose offer has not come */
  GQueue answers;      /* the same for answers that are not applied yet */
  gboolean offers;     /* the last offer was ours */
  gboolean offering;   /* and is not answered */
  gboolean lost_again; /* the address, meanwhile */
  WherrySdp *remote;   /* the last description that came, to know its sections */
  WherryTokenBucket messages;
  WherryTokenBucket bytes;
  gint64 bad_us[WHERRY_SIGNAL_BAD_PER_MINUTE]; /* when bad messages came, a ring */
  guint n_bad;
};

/* Descriptions that may be under way at once: more is a client that does not listen. */
#define WHERRY_SESSION_PENDING_MAX 16u

extern const WherryMemberEvents wherry_signaling_session_events;

/* text: (transfer full) */
void wherry_signaling_session_send (WherrySignalingSession *self, char *text);
void wherry_signaling_session_close (WherrySignalingSession *self, guint code, const char *reason);
/* ref, tid: (nullable) */
void wherry_signaling_session_error (WherrySignalingSession *self, WherrySignalError code,
                                     const char *message, const char *ref, const char *tid);
/* The same, counted when it was for what the message held: the tenth in a minute closes. */
void wherry_signaling_session_refuse (WherrySignalingSession *self, WherrySignalError code,
                                      const char *message, const char *ref, const char *tid);
/* Tokens for what a client asked for; FALSE: it was told rate-limited. */
gboolean wherry_signaling_session_charge (WherrySignalingSession *self, const WherrySignal *signal,
                                          guint64 bytes);
/* joined, and members when there are many. */
void wherry_signaling_session_send_joined (WherrySignalingSession *self, const char *tid);
void wherry_signaling_session_handle (WherrySignalingSession *self, WherrySignal *signal);

/* tid: (nullable) */
void wherry_signaling_session_push_tid (GQueue *queue, const char *tid);
/* FALSE: the queue is empty. tid: (out) (transfer full) (nullable) */
gboolean wherry_signaling_session_pop_tid (GQueue *queue, char **tid);

G_END_DECLS
