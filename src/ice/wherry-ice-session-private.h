/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of a session, each in its own file: session (life, packets), gathering (our credentials
 * and candidates), checks (theirs, and what becomes of them: connected, consent, restart).
 * Thread: peer */

#include "base/wherry-owner.h"
#include "ice/wherry-ice-announcer.h"
#include "ice/wherry-ice-closing.h"
#include "ice/wherry-ice-remote.h"
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
  NiceAgent *agent; /* NULL once closing */
  guint stream;
  WherryPacketSink sink;
  WherryIceAnnouncer announcer;
  WherryTransportState state;
  char *local_ufrag;
  char *local_pwd;
  WherryIceRemote remote;
  gboolean gathered;   /* gather() was called, successfully */
  gboolean restarting; /* since restart(), until connected anew */
  GSource *restart_limit;
  gboolean checks_failed;
  guint64 send_dropped;
  WherryIceClosing *closing; /* NULL before */
};

/* session */
/* WHERRY_ERROR_CLOSED: it has ended. */
gboolean wherry_ice_session_check_open (WherryIceSession *self, GError **error);
/* With the event; nothing follows FAILED and CLOSED. */
void wherry_ice_session_set_state (WherryIceSession *self, WherryTransportState state,
                                   const GError *error);

/* gathering */
void wherry_ice_session_watch_gathering (WherryIceSession *self);
/* After the agent made new ones. */
void wherry_ice_session_read_local_credentials (WherryIceSession *self);

/* checks */
void wherry_ice_session_watch_checks (WherryIceSession *self);

G_END_DECLS
