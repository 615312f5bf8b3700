/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two ICE sessions on loopback that trickle to each other: a controls. */

#include "fixtures/wherry-packet-recorder.h"
#include "ice/wherry-ice-session.h"

typedef struct _IceSide IceSide;

struct _IceSide
{
  WherryIceSession *ice;
  WherryPacketTransport *transport; /* ice */
  WherryPacketRecorder heard;
  GPtrArray *candidates; /* of char * */
  GArray *states;        /* of WherryTransportState: ICE's own */
  GPtrArray *errors;     /* of char *: "url code text" */
  guint done;
  IceSide *other;
  gboolean silent; /* announces nothing to the other */
};

typedef struct
{
  IceSide a;
  IceSide b;
} IcePair;

WherryIceConfig *ice_loopback_config (void);
/* Candidates that have text in them. */
guint ice_side_count (IceSide *side, const char *text);
gboolean ice_side_has_error (IceSide *side, const char *start);
void ice_side_init (IceSide *side, const WherryIceConfig *config);
void ice_on_closed (GObject *source, GAsyncResult *result, gpointer user_data);
void ice_side_clear (IceSide *side);
void ice_pair_init (IcePair *pair);
/* Each with its own configuration; a controls. */
void ice_pair_init_with (IcePair *pair, WherryIceConfig *a, WherryIceConfig *b);
void ice_pair_clear (IcePair *pair);
void ice_side_gather (IceSide *side);
void ice_side_give_credentials (IceSide *from, IceSide *to, const char *pwd);
WherryTransportState ice_side_get_state (IceSide *side);
gboolean ice_pair_is_connected (IcePair *pair);
/* The last that ICE itself told. */
WherryTransportState ice_side_get_last_state (IceSide *side);
void ice_pair_start (IcePair *pair);
void ice_pair_connect (IcePair *pair);
void ice_pair_exchange (IcePair *pair, const char *text);
