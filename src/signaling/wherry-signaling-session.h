/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signaling of one client, whatever carries it: frames in, frames out, and a member of the
 * relay once it joined. data/docs/protocol.md section 1. Thread: hub */

#include "base/wherry-clock.h"
#include "relay/wherry-relay-hub.h"
#include "signaling/wherry-admission.h"
#include "signaling/wherry-join-limit.h"

G_BEGIN_DECLS

typedef struct _WherrySignalingSession WherrySignalingSession;

/* What carries it. */
typedef struct
{
  /* One frame. text: (transfer full), from g_malloc() */
  void (*send) (gpointer user_data, char *text);
  /* One binary frame; NULL where there are none: a tunnel is refused then. (nullable) */
  void (*send_binary) (gpointer user_data, GBytes *frames);
  /* Everything that was sent goes out first. code: of RFC 6455 section 7.4. The session takes no
   * frame any more; it is freed by whoever made it. */
  void (*close) (gpointer user_data, guint code, const char *reason);
} WherrySignalingSink;

/* relay, joins: must outlive it. joins: (nullable). address: of the client, for the log and limits
 * (nullable). clock: (nullable) the system's. */
WherrySignalingSession *wherry_signaling_session_new (WherryRelayHub *relay, WherryJoinLimit *joins,
                                                      const char *address, WherryClock *clock,
                                                      const WherrySignalingSink *sink,
                                                      gpointer user_data);
/* Who may join: asked for every join. admission: outlives it. is_local: WherryOrigin's. Without
 * this everybody may, and a token is refused. */
void wherry_signaling_session_set_admission (WherrySignalingSession *self,
                                             WherryAdmission *admission, gboolean is_local);
/* Detaches its member: nothing is sent any more. */
void wherry_signaling_session_free (WherrySignalingSession *self);

/* One text frame that came. */
void wherry_signaling_session_receive (WherrySignalingSession *self, const char *data,
                                       gsize length);
/* One binary frame that came: of the tunnel that the client asked for. */
void wherry_signaling_session_receive_binary (WherrySignalingSession *self, GBytes *frames);
/* The server goes down: a client that has not joined is told and closed; a member hears it from
 * the relay. */
void wherry_signaling_session_shutdown (WherrySignalingSession *self);

/* The time to join is over: who never did is told not-joined and closed. */
void wherry_signaling_session_end_waiting (WherrySignalingSession *self);

gboolean wherry_signaling_session_is_joined (WherrySignalingSession *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySignalingSession, wherry_signaling_session_free)

G_END_DECLS
