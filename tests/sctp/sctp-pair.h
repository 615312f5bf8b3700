/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two associations over a fake link, in one context, that write down what happens to them. */

#include "fixtures/wherry-fake-link.h"
#include "fixtures/wherry-wait.h"
#include "sctp/wherry-sctp-association.h"

typedef struct
{
  guint16 stream;
  WherryMessage *message;
} Received;

typedef struct _Side Side;

struct _Side
{
  WherryFakeLink *link;
  WherryStreamTransport *transport;
  WherryTransportState state; /* the last event's */
  GError *error;
  GArray *received; /* of Received */
  guint64 n_received;
  guint64 bytes_received;
  gboolean keep;           /* received; otherwise only counted */
  GArray *incoming_resets; /* of guint16 */
  GArray *outgoing_resets;
  guint n_writable;
  guint streams; /* the streams event's */
  guint n_streams_events;
  guint events_after_end;
  /* (nullable) */
  void (*on_message) (Side *side, guint16 stream, WherryMessage *message);
  void (*on_state) (Side *side, WherryTransportState state);
  void (*on_writable) (Side *side);
  gpointer data;
};

typedef struct
{
  GMainContext *context;
  Side a;
  Side b;
} Pair;

extern const WherrySendOptions send_reliable;

void side_init (Side *side, WherryFakeLink *link, GMainContext *context,
                const WherrySctpConfig *config);
/* It does when it is made. */
void side_listen (Side *side, gboolean on);
/* Asserts that the association and the link are finalized. */
void side_clear (Side *side, GMainContext *context);
void side_forget_received (Side *side);
Received *side_nth (Side *side, guint i);

/* options: of the link, config: of both (NULL: defaults). The pair is connecting. */
void pair_init (Pair *pair, const WherryFakeLinkOptions *options, const WherrySctpConfig *config);
void pair_wait_connected (Pair *pair);
/* Asserts that nothing is left in the registry either. */
void pair_clear (Pair *pair);

/* length bytes that depend on seed. */
WherryMessage *make_message (WherryMessageKind kind, gsize length, guint32 seed);
void assert_message (WherryMessage *message, WherryMessageKind kind, gsize length, guint32 seed);
/* Sends, waiting for room. */
void send_all (Pair *pair, Side *from, guint16 stream, const WherrySendOptions *options,
               WherryMessage *message);
/* The same for a message made here. */
void send_made (Pair *pair, Side *from, guint16 stream, const WherrySendOptions *options,
                WherryMessageKind kind, gsize length, guint32 seed);
/* g_test_run(), and then asserts that all of usrsctp is freed. */
int run_and_shut_down (void);
