/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/wherry-channel-set.h"
#include "fixtures/wherry-fake-stream.h"

/* Two channel sets over a fake pair; a is the DTLS client. What happens is written down as words.
 */
typedef struct
{
  WherryFakeStream *stream;
  WherryChannelSet *set;
  GString *log;
  WherryChannel *last_incoming;
  gboolean accept;
  gboolean close_in_message;
  gboolean end_in_open; /* close the whole set */
  guint n_messages;
  guint n_flushed; /* closed by this end and performed */
  gsize last_length;
} End;

typedef struct
{
  End a;
  End b;
} Fixture;

/* in-band, reliable, ordered */
extern const WherryChannelInit plain;

void fixture_init (Fixture *f, const WherryFakeStreamOptions *options);
/* Of theirs: 8 in the fixture. */
WherryChannelSet *channel_set_new (End *end, guint max_channels);
void attach (Fixture *f);
void fixture_clear (Fixture *f);
/* Until nothing more happens: the fake needs no time. */
void settle (void);
WherryChannel *create (End *end, const WherryChannelInit *init);
WherrySendResult say (WherryChannel *channel, const char *text);
void send_raw (WherryFakeStream *stream, guint16 id, WherryMessageKind kind, const guint8 *data,
               gsize length);
void send_raw_open (WherryFakeStream *stream, guint16 id);
