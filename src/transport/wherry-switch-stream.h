/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A stream transport over two others: a tunnel, and SCTP as soon as that is connected. Each side
 * chooses the way of what it sends, and takes what comes on either. It leaves the tunnel with a
 * mark behind its last message there and sends nothing before the other side has said that all of
 * that was told: so nothing is lost, doubled or out of order, and one round trip is quiet. What has
 * left the tunnel does not come back to it. Streams keep their numbers. Owner thread only. */

#include "transport/wherry-frame-stream.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_SWITCH_STREAM (wherry_switch_stream_get_type ())
G_DECLARE_FINAL_TYPE (WherrySwitchStream, wherry_switch_stream, WHERRY, SWITCH_STREAM, GObject)

typedef struct
{
  /* See WherryFrameStreamCarrier. */
  void (*output) (gpointer user_data, GBytes *frames);
  /* What we send goes through the tunnel no more, or goes there to begin with. */
  void (*moved) (gpointer user_data, gboolean tunneled);
} WherrySwitchStreamCarrier;

/* The tunnel's greeting goes out at once. */
WherrySwitchStream *wherry_switch_stream_new (gsize max_message_size, WherryBudget *budget,
                                              const WherrySwitchStreamCarrier *carrier,
                                              gpointer carrier_data);
/* There is, or will be, another way, which whoever made it closes. */
void wherry_switch_stream_set_direct (WherrySwitchStream *self, WherryStreamTransport *direct);
WherryFrameStream *wherry_switch_stream_get_tunnel (WherrySwitchStream *self); /* (transfer none) */
/* Whether what we send, or what the other side sends, still needs the tunnel. */
gboolean wherry_switch_stream_needs_tunnel (WherrySwitchStream *self);
gboolean wherry_switch_stream_is_tunneled (WherrySwitchStream *self);

G_END_DECLS
