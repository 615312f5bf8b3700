/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of a session, each in its own file: session (life, the end), handshake (start, timer,
 * verification), records (datagrams in, data in and out). Thread: peer */

#include "base/wherry-owner.h"
#include "dtls/wherry-dtls-engine.h"
#include "dtls/wherry-dtls-session.h"
#include "transport/wherry-packet-sink.h"

G_BEGIN_DECLS

/* Calls of GnuTLS for one datagram: each takes at least a message, a record or an alert from it. */
#define WHERRY_DTLS_STEPS_MAX 256u

struct _WherryDtlsSession
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  WherryDtlsCertificate *certificate;
  WherryPacketTransport *lower;
  GMainContext *context;
  WherryLogContext log;
  /* peer thread only */
  WherryOwner owner;
  WherryPacketSink sink;
  WherryTransportState state;
  WherryDtlsStateFunc state_func; /* (nullable) */
  gpointer state_data;
  WherryDtlsTraffic traffic;
  WherryDtlsEngine *engine; /* NULL until the handshake starts; lives until finalize, because the
                               end may come from inside one of its calls */
  gboolean have_remote;
  WherryDtlsRole role;
  GArray *fingerprints; /* of WherryFingerprint */
  GSource *timer;
  gsize data_mtu; /* 0 until connected */
  gboolean lower_connected;
  WherryEarlyQueue held; /* from below, until the handshake starts or while busy */
  gboolean busy;         /* inside feed() */
};

/* session */
gboolean wherry_dtls_session_is_over (WherryDtlsSession *self);
/* state_func first, then the events of the packet transport. */
void wherry_dtls_session_tell_state (WherryDtlsSession *self, WherryTransportState state,
                                     const GError *error);
/* FAILED or CLOSED, with the event. */
void wherry_dtls_session_end (WherryDtlsSession *self, WherryTransportState state,
                              const GError *error);
/* The end that GnuTLS's result means; the other side is told. */
void wherry_dtls_session_fail (WherryDtlsSession *self, int result);

/* handshake */
/* Once the lower transport and set_remote() are both there. */
void wherry_dtls_session_maybe_start (WherryDtlsSession *self);
void wherry_dtls_session_step_handshake (WherryDtlsSession *self);

/* records */
/* A datagram, or NULL when the timer fired, then those that came meanwhile. */
void wherry_dtls_session_feed (WherryDtlsSession *self, const guint8 *data, gsize length);
void wherry_dtls_session_lower_packet (gpointer user_data, const guint8 *data, gsize length);
gboolean wherry_dtls_session_send (WherryPacketTransport *transport, const GOutputVector *packets,
                                   guint n, GError **error);

G_END_DECLS
