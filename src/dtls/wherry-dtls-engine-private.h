/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of an engine, each in its own file: engine (datagrams and records), alerts (the end).
 */

#include "dtls/wherry-dtls-engine.h"

G_BEGIN_DECLS

/* Packets handed down in one call at most. */
#define WHERRY_DTLS_OUT_PACKETS_MAX 64u

struct _WherryDtlsEngine
{
  gnutls_session_t session;
  WherryDtlsCertificate *certificate; /* its credentials are in use */
  WherryDtlsOutputFunc output;
  gpointer user_data;
  GArray *fingerprints; /* of WherryFingerprint */
  GBytes *remote_der;   /* the certificate that was verified */
  gboolean inside;
  gboolean sent; /* so there is something to send again */
  guint discarded;
  const guint8 *in;
  gsize in_length;
  GByteArray *out;
  gsize mtu;
  WherryDtlsRole role;
  gboolean whole_records; /* each record is a datagram of its own */
  guint n_out;
  gsize out_sizes[WHERRY_DTLS_OUT_PACKETS_MAX];
};

G_END_DECLS
