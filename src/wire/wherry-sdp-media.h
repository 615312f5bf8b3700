/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Building blocks shared by the parser and the writer. Private to wire/. Thread: any. */

#include "wire/wherry-sdp-lines.h"
#include "wire/wherry-sdp.h"

G_BEGIN_DECLS

/* The only application that data channels speak (RFC 8841 section 4.2, and a=sctpmap before it). */
#define WHERRY_SDP_APPLICATION "webrtc-datachannel"
/* What everybody uses, and what an absent a=sctp-port means here. */
#define WHERRY_SDP_SCTP_PORT_DEFAULT 5000u

/* An empty description: containers made, nothing set. */
WherrySdp *wherry_sdp_new (WherrySdpType type);
WherrySdpMedia *wherry_sdp_media_new (void);
WherrySdpMedia *wherry_sdp_media_copy (const WherrySdpMedia *self);
void wherry_sdp_media_free (WherrySdpMedia *self);
/* The m-line alone: mid and bundle_only are attributes of their own. WHERRY_ERROR_PROTOCOL. */
WherrySdpMedia *wherry_sdp_media_parse (const WherrySdpLine *line, GError **error);
/* Whether it is for data channels, in any form that was ever in use. */
gboolean wherry_sdp_media_is_data (const WherrySdpMedia *self);

/* (transfer none): the data section's m-line */
WherrySdpMedia *wherry_sdp_get_media (const WherrySdp *self);

const char *wherry_sdp_setup_to_string (WherrySdpSetup setup); /* "" for NONE */
gboolean wherry_sdp_setup_from_string (const char *data, gsize length, WherrySdpSetup *setup);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySdpMedia, wherry_sdp_media_free)

G_END_DECLS
