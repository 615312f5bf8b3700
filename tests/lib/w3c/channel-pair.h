/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two open ends of one channel, as most of the web platform tests begin. */

#include "lib/connection-pair.h"

typedef struct
{
  ConnectionPair *pair;
  ChannelEnd *a;
  ChannelEnd *b;
} ChannelPair;

/* Reliable and ordered; negotiated ones have the given id. */
WherryDataChannelInit *channel_init_new (gboolean negotiated, int id);
/* Fails the test when it cannot be made. Watched. */
WherryDataChannel *make_channel (PairEnd *end, const char *label, WherryDataChannelInit *init);
/* It must be refused with code. */
void refuse_channel (PairEnd *end, const char *label, WherryDataChannelInit *init, int code);
/* An offer of a without anything carried: b has answered and a knows it. */
void agree (ConnectionPair *pair);

/* Both are open and listen. in_b: (nullable): of b's end, if in_a says that it is negotiated. */
ChannelPair *channel_pair_new_full (const char *label, WherryDataChannelInit *in_a,
                                    WherryDataChannelInit *in_b);
/* data: whether it is negotiated, with id 0 */
ChannelPair *channel_pair_new (gconstpointer data);
void channel_pair_free (ChannelPair *self);
/* Until b has so many messages. */
void wait_messages (ChannelEnd *end, guint n);

GBytes *filled_bytes (gsize length);
/* Each case in band and negotiated: PREFIX/in-band/NAME, PREFIX/negotiated/NAME. */
void add_both (const char *prefix, const char *name, GTestDataFunc function);
/* The description with what follows `a=name:` replaced; value NULL: without the line. */
WherrySessionDescription *with_attribute (WherrySessionDescription *description, const char *name,
                                          const char *value);
