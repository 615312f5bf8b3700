/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two DTLS sessions over a fake link: a is the client, b the server. */

#include "dtls/wherry-dtls-session.h"
#include "fixtures/wherry-fake-link.h"
#include "fixtures/wherry-packet-recorder.h"

typedef struct
{
  WherryDtlsCertificate *certificate;
  WherryFakeLink *link;
  WherryDtlsSession *dtls;
  WherryPacketTransport *transport; /* dtls */
  WherryPacketRecorder heard;
} DtlsSide;

typedef struct
{
  DtlsSide a;
  DtlsSide b;
} DtlsPair;

void dtls_pair_init (DtlsPair *pair, const WherryFakeLinkOptions *options);
void dtls_pair_clear (DtlsPair *pair);
void dtls_side_set_remote (DtlsSide *side, const WherryFingerprint *fingerprint,
                           WherryDtlsRole role);
void dtls_pair_start (DtlsPair *pair);
WherryTransportState dtls_side_get_state (DtlsSide *side);
gboolean dtls_side_is_over (DtlsSide *side);
gboolean dtls_pair_is_connected (DtlsPair *pair);
void dtls_pair_connect (DtlsPair *pair, const WherryFakeLinkOptions *options);
void dtls_pair_exchange (DtlsPair *pair);
