/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of a session, each in its own file: session (life, packets), gathering (our credentials
 * and candidates), checks (theirs, and what becomes of them: connected, consent), restart (from one
 * generation to the next). Thread: peer */

#include "base/wherry-owner.h"
#include "ice/wherry-ice-closing.h"
#include "ice/wherry-ice-generation.h"
#include "ice/wherry-ice-session.h"
#include "transport/wherry-packet-sink.h"

G_BEGIN_DECLS

struct _WherryIceSession
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  GMainContext *context;
  WherryLogContext log;
  /* peer thread only */
  WherryOwner owner;
  WherryIceConfig *config;
  gboolean reconfigured; /* since current was made */
  WherryPacketSink sink;
  WherryTransportState state; /* as a packet transport */
  WherryTransportState ice_state;
  const WherryIceSessionEvents *events; /* NULL: nobody listens */
  gpointer events_data;
  WherryIceCredentials prepared; /* of a restart that is described and not applied */
  WherryIceGeneration *current;  /* packets leave by it; NULL once closing */
  WherryIceGeneration *next;     /* a restart's, until it is connected or rolled back */
  WherryIceGeneration *retired;  /* the one before: what is still under way comes by it */
  GSource *retire_timer;
  GSource *restart_limit;
  guint64 send_dropped;
  WherryIceTraffic traffic;
  WherryIceTraffic pair_traffic; /* since the pair was selected */
  guint64 pair_changes;
  guint64 restarts;
  gpointer network_watch; /* NULL: none */
  WherryIceClosing *closing;
};

/* session */
/* WHERRY_ERROR_CLOSED: it has ended. */
gboolean wherry_ice_session_check_open (WherryIceSession *self, GError **error);
/* With the event; nothing follows FAILED and CLOSED. */
void wherry_ice_session_set_state (WherryIceSession *self, WherryTransportState state,
                                   const GError *error);

/* With the session's event. */
void wherry_ice_session_set_ice_state (WherryIceSession *self, WherryTransportState state,
                                       const GError *error);

/* gathering */
/* What signaling is about: the restart's generation, else the current one. NULL: closed. */
WherryIceGeneration *wherry_ice_session_newest (WherryIceSession *self);
WherryIceGeneration *wherry_ice_session_make_generation (WherryIceSession *self,
                                                         WherryIceCredentials *local,
                                                         GError **error);

/* reconfigure */
/* current is made anew if it has not gathered and the configuration has changed. */
gboolean wherry_ice_session_reconfigure (WherryIceSession *self, GError **error);

/* checks */
void wherry_ice_session_begin_connecting (WherryIceSession *self);
void wherry_ice_session_on_connected (gpointer user_data, WherryIceGeneration *generation);
void wherry_ice_session_on_failed (gpointer user_data, WherryIceGeneration *generation);

/* stats */
void wherry_ice_session_count_sent (WherryIceSession *self, guint64 packets, guint64 bytes);
void wherry_ice_session_count_received (WherryIceSession *self, gsize bytes);
void wherry_ice_session_count_pair (WherryIceSession *self);

/* restart */
/* next is connected: it becomes the current one. */
void wherry_ice_session_promote (WherryIceSession *self);
/* Nothing is connected any more, or the restart does not come about: it has so long. */
void wherry_ice_session_begin_restart_limit (WherryIceSession *self);
/* Every generation but the current one, and the timers. */
void wherry_ice_session_end_restart (WherryIceSession *self);
/* The current generation's consent ended and no restart is under way. */
void wherry_ice_session_consent_ended (WherryIceSession *self);

G_END_DECLS
