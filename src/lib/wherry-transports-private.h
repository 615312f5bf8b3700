/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a connection keeps its transport objects up to date. Thread: creator */

#include "lib/wherry-sctp-transport.h"
#include "peer/wherry-peer-stats.h"
#include "wire/wherry-sdp.h"

G_BEGIN_DECLS

typedef struct
{
  WherryIceConnectionState ice;
  WherryIceGatheringState gathering;
  WherryTransportState dtls;
  WherryTransportState sctp;
  gsize max_message_size;
  guint max_channels; /* 0: not known yet */
} WherryTransportsState;

WherrySctpTransport *wherry_sctp_transport_new (void);
/* It and those below it. tell: emits notify signals. */
void wherry_sctp_transport_update (WherrySctpTransport *self, const WherryTransportsState *state,
                                   gboolean tell);
/* certificate: theirs, DER (nullable) */
void wherry_sctp_transport_take_details (WherrySctpTransport *self, const WherryPeerStats *stats,
                                         GBytes *certificate);
void wherry_dtls_transport_take_details (WherryDtlsTransport *self, const WherryPeerStats *stats,
                                         GBytes *certificate);
WherryIceParameters *wherry_ice_parameters_new (const char *username_fragment,
                                                const char *password);
/* What the descriptions in force say: (nullable) */
void wherry_ice_transport_take_descriptions (WherryIceTransport *self, const WherrySdp *local,
                                             const WherrySdp *remote);
/* One of a selected pair that nobody signaled: a check found it. */
gboolean wherry_ice_transport_is_found (WherryIceCandidate *candidate);
void wherry_ice_transport_take_details (WherryIceTransport *self, const WherryPeerStats *stats);
/* DTLS failed. */
void wherry_sctp_transport_tell_error (WherrySctpTransport *self, const GError *error);

WherryDtlsTransport *wherry_dtls_transport_new (void);
void wherry_dtls_transport_update (WherryDtlsTransport *self, const WherryTransportsState *state,
                                   gboolean tell);

WherryIceTransport *wherry_ice_transport_new (void);
void wherry_ice_transport_update (WherryIceTransport *self, const WherryTransportsState *state,
                                  gboolean tell);

G_END_DECLS
